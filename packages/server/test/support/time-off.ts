import type { PlanKind, PlanSource } from '../../src/store/workday/day-plans.ts';
import { setWeekPlan, type WeekdayPlan } from '../../src/workday/week-plan.ts';
import { addUser, type TestUser } from './directory.ts';
import type { TestServer } from './server.ts';
import { type Members, type Result, Workplace } from './submissions.ts';

/** A workplace with a user at its office. It reads the effects of time off on the user's days. */
export class TimeOffWorkplace extends Workplace {
  static async at(server: TestServer, timeZone = 'UTC'): Promise<TimeOffWorkplace> {
    const { tenantId, token, office } = await Workplace.open(server, timeZone);
    const user = await addUser(server.db.owner, tenantId, { primaryLocationId: office.locationId });
    return new TimeOffWorkplace(server, { tenantId, token, office, user });
  }

  /** An event. An undefined member is left out. */
  event(members: Members = {}): Members {
    return {
      eventId: 'e1',
      email: this.user.email,
      eventType: 'scheduled',
      startDate: '2026-03-12',
      endDate: '2026-03-13',
      ...members,
    };
  }

  async send(...events: Members[]): Promise<Result[]> {
    return (await this.submit<{ results: Result[] }>('timeoff', { timeOffEvents: events })).results;
  }

  /** Applies one event. Throws unless the server stores it. */
  async apply(eventType: 'scheduled' | 'cancelled', startDate: string, endDate = startDate, more = {}) {
    const [result] = await this.send(this.event({ eventType, startDate, endDate, ...more }));
    if (result?.resultCode !== 0) throw new Error(JSON.stringify(result));
  }

  /** The plans of a user by day: the plan's letter and its `setBy`. */
  async plans(user: TestUser = this.user): Promise<Record<string, string>> {
    const rows = await this.rows<{ day: string; plan: PlanKind; setBy: PlanSource }>(
      'SELECT day, plan, set_by AS "setBy" FROM day_plans WHERE tenant_id = $1 AND user_id = $2 ORDER BY day',
      user,
    );
    return Object.fromEntries(rows.map(({ day, plan, setBy }) => [day, `${plan} ${setBy}`]));
  }

  /** The booked nodes of the user, by day. */
  async bookings(): Promise<Record<string, string>> {
    const rows = await this.rows<{ day: string; nodeId: string }>(
      'SELECT day, node_id AS "nodeId" FROM bookings WHERE tenant_id = $1 AND user_id = $2 ORDER BY day',
    );
    return Object.fromEntries(rows.map(({ day, nodeId }) => [day, nodeId]));
  }

  /** The leaves of a user: first day, last day, and the type if there is one. */
  async leaves(user: TestUser = this.user): Promise<string[]> {
    const rows = await this.rows<{ leave: string }>(
      `SELECT concat_ws(' ', start_day, end_day, leave_type) AS leave
       FROM leaves WHERE tenant_id = $1 AND user_id = $2 ORDER BY start_day, end_day, leave_type`,
      user,
    );
    return rows.map(({ leave }) => leave);
  }

  /** The action log of the user, in its order. */
  log(): Promise<Members[]> {
    return this.rows<Members>(
      `SELECT action_id AS "actionId", day, category, action, changed_by AS "changedBy",
              changed_by_name AS "changedByName", reason
       FROM action_log WHERE tenant_id = $1 AND user_id = $2 ORDER BY logged_at, entry_id`,
    );
  }

  /** The same plan on all seven days of the week. */
  async setWeek(plan: WeekdayPlan | null): Promise<void> {
    const { server, tenantId, user } = this;
    await server.db.owner.inTenant(tenantId, (tx) =>
      setWeekPlan(tx, tenantId, user.userId, [plan, plan, plan, plan, plan, plan, plan]),
    );
  }

  async setHorizon(days: number): Promise<void> {
    await this.server.db.owner.inTenant(this.tenantId, (tx) =>
      tx.query('INSERT INTO office_settings (tenant_id, location_id, horizon_days) VALUES ($1, $2, $3)', [
        this.tenantId,
        this.office.locationId,
        days,
      ]),
    );
  }

  async rows<Row extends object>(query: string, user: TestUser = this.user): Promise<Row[]> {
    return this.server.db.owner.inTenant(
      this.tenantId,
      async (tx) => (await tx.query<Row>(query, [this.tenantId, user.userId])).rows,
    );
  }
}

/** Consecutive days with the same value, in the shape of `plans`. */
export function daysOf<Value>(from: string, to: string, value: Value): Record<string, Value> {
  const days: Record<string, Value> = {};
  for (let ms = Date.parse(from); ms <= Date.parse(to); ms += 86_400_000) {
    days[new Date(ms).toISOString().slice(0, 10)] = value;
  }
  return days;
}
