import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/store/connections/db.ts';
import { advanceOrganisation, type OfficeReport } from '../../src/workday/horizon.ts';
import { setWeekPlan, type WeekdayPlan, type WeekPlan } from '../../src/workday/week-plan.ts';
import type { TestDatabase } from '../support/database.ts';
import { addUser } from '../support/directory.ts';
import { readLog, readStored } from './support.ts';

/** An office plan at the primary location. */
export const OFFICE: WeekdayPlan = { kind: 'o', locationId: null };
export const REMOTE: WeekdayPlan = { kind: 'r' };

/** The same plan from Monday to Friday, and none at the weekend. */
export function workdays(plan: WeekdayPlan | null): WeekPlan {
  return [plan, plan, plan, plan, plan, null, null];
}

export function everyDay(plan: WeekdayPlan | null): WeekPlan {
  return [plan, plan, plan, plan, plan, plan, plan];
}

/** An organisation whose horizon is advanced as the server does it. */
export class Horizon {
  readonly db: TestDatabase;
  readonly tenantId: string;

  constructor(db: TestDatabase, tenantId: string) {
    this.db = db;
    this.tenantId = tenantId;
  }

  /** Runs the engine at an instant. */
  run(at: string, database: Database = this.db.restricted): Promise<OfficeReport[]> {
    return advanceOrganisation(database, this.tenantId, { at: new Date(at) });
  }

  /** Adds a user with a week plan. */
  async hire(
    week: WeekPlan | null,
    user: { primaryLocationId?: string; primaryGroupId?: string; userId?: string } = {},
  ): Promise<string> {
    const { primaryGroupId, ...columns } = user;
    const { userId } = await addUser(this.db.owner, this.tenantId, columns);
    if (primaryGroupId !== undefined) {
      await this.sql('UPDATE users SET primary_group_id = $3 WHERE tenant_id = $1 AND user_id = $2', [
        userId,
        primaryGroupId,
      ]);
    }
    if (week) await this.setWeek(userId, week);
    return userId;
  }

  async setWeek(userId: string, week: WeekPlan): Promise<void> {
    const outcome = await this.db.restricted.inTenant(this.tenantId, (tx) =>
      setWeekPlan(tx, this.tenantId, userId, week),
    );
    if (outcome !== 'changed') throw new Error(JSON.stringify(outcome));
  }

  async addGroup(): Promise<string> {
    const groupId = randomUUID();
    await this.sql(
      "INSERT INTO groups (tenant_id, group_id, group_type, name) VALUES ($1, $2::uuid, 'team', $2::text)",
      [groupId],
    );
    return groupId;
  }

  async setOffice(
    locationId: string,
    settings: { horizon_days?: number; release_assigned_desks?: boolean; desk_presence?: string },
  ): Promise<void> {
    for (const [column, value] of Object.entries(settings)) {
      await this.sql(
        `INSERT INTO office_settings (tenant_id, location_id, ${column}) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id, location_id) DO UPDATE SET ${column} = excluded.${column}`,
        [locationId, value],
      );
    }
  }

  /** Sets the horizon of every office, in days. */
  async setHorizons(days: number): Promise<void> {
    await this.sql(
      `INSERT INTO office_settings (tenant_id, location_id, horizon_days)
       SELECT tenant_id, node_id, $2 FROM nodes WHERE tenant_id = $1 AND kind = 'location'
       ON CONFLICT (tenant_id, location_id) DO UPDATE SET horizon_days = excluded.horizon_days`,
      [days],
    );
  }

  /** The day up to which the engine has made plans at an office. */
  async reached(locationId: string): Promise<string | null> {
    const [row] = await this.sql<{ day: string | null }>(
      'SELECT horizon_reached AS day FROM office_settings WHERE tenant_id = $1 AND location_id = $2',
      [locationId],
    );
    return row?.day ?? null;
  }

  /** The plans of a user by day: the plan's letter and its `setBy`. */
  async plans(userId: string): Promise<Record<string, string>> {
    const { plans } = await readStored(this.db.owner, this.tenantId);
    const own = plans.filter((row) => row.userId === userId);
    return Object.fromEntries(own.map(({ day, plan, setBy }) => [day, `${plan} ${setBy}`]));
  }

  /** The node that a user has booked on a day. Undefined: none. */
  async booked(userId: string, day: string): Promise<string | undefined> {
    const { bookings } = await readStored(this.db.owner, this.tenantId);
    return bookings.find((row) => row.userId === userId && row.day === day)?.nodeId;
  }

  /** Everything that a run could change. */
  async everything(): Promise<unknown> {
    const { db, tenantId } = this;
    const settings = await this.sql(
      'SELECT * FROM office_settings WHERE tenant_id = $1 ORDER BY location_id',
      [],
    );
    return { ...(await readStored(db.owner, tenantId)), log: await readLog(db.owner, tenantId), settings };
  }

  async sql<Row extends object>(query: string, values: unknown[]): Promise<Row[]> {
    const { rows } = await this.db.owner.inTenant(this.tenantId, (tx) =>
      tx.query<Row>(query, [this.tenantId, ...values]),
    );
    return rows;
  }
}

/** The days from `from` to `to` on the given weekdays (ISO), as `plans` has them. */
export function weekdaysOf(
  from: string,
  to: string,
  value: string,
  weekdays: number[] = [1, 2, 3, 4, 5],
): Record<string, string> {
  const days: Record<string, string> = {};
  for (let ms = Date.parse(from); ms <= Date.parse(to); ms += 86_400_000) {
    const date = new Date(ms);
    if (weekdays.includes(date.getUTCDay() || 7)) days[date.toISOString().slice(0, 10)] = value;
  }
  return days;
}
