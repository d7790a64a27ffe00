import type { DayView } from '../../src/workday/day-view.ts';
import { setWeekPlan, type WeekdayPlan } from '../../src/workday/week-plan.ts';
import { addUser, type TestUser } from './directory.ts';
import type { TestServer } from './server.ts';
import { Workplace } from './submissions.ts';

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface LogLine {
  day: string;
  category: string;
  action: string;
  changedBy: string;
  changedByName: string | null;
  reason: string | null;
}

/** A workplace with a user at its office. A client manages the user's days. */
export class ManagedWorkplace extends Workplace {
  static async at(server: TestServer, timeZone = 'UTC'): Promise<ManagedWorkplace> {
    const work = new ManagedWorkplace(server, await Workplace.open(server, timeZone));
    await work.sql(
      'UPDATE users SET primary_location_id = $3 WHERE tenant_id = $1 AND user_id = $2',
      work.user.userId,
      work.office.locationId,
    );
    return work;
  }

  /** Sends a request. Changes are a millisecond apart, so that the log has an order. */
  call(method: Method, path: string, payload?: object, contentType = 'application/json') {
    if (method !== 'GET') this.server.clock.nowMs++;
    return this.server.app.inject({
      method,
      url: `/v1/manage/${path}`,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(payload ? { 'content-type': contentType } : {}),
      },
      ...(payload ? { payload } : {}),
    });
  }

  /** The answer to a call. Throws unless the call succeeds. */
  async ask<Answer>(method: Method, path: string, payload?: object, contentType?: string): Promise<Answer> {
    const reply = await this.call(method, path, payload, contentType);
    if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`);
    return reply.json() as Answer;
  }

  dayPath(day: string, user: TestUser = this.user): string {
    return `users/${user.userId}/days/${day}`;
  }

  setDay(day: string, wish: object, user?: TestUser): Promise<DayView> {
    return this.ask('PUT', this.dayPath(day, user), wish);
  }

  days(startDate: string, endDate = startDate, user: TestUser = this.user): Promise<DayView[]> {
    return this.ask('GET', `users/${user.userId}/days?startDate=${startDate}&endDate=${endDate}`);
  }

  /** An office plan of this office, with the requested node. */
  at(nodeId?: string): object {
    return {
      plan: 'o',
      locationId: this.office.locationId,
      ...(nodeId === undefined ? {} : { booking: { nodeId } }),
    };
  }

  addUser(user: Parameters<typeof addUser>[2] = {}): Promise<TestUser> {
    return addUser(this.server.db.owner, this.tenantId, user);
  }

  /** The same plan on all seven days of the week. */
  async setWeek(plan: WeekdayPlan | null, { userId }: TestUser = this.user): Promise<void> {
    await this.server.db.owner.inTenant(this.tenantId, (tx) =>
      setWeekPlan(tx, this.tenantId, userId, [plan, plan, plan, plan, plan, plan, plan]),
    );
  }

  /** Runs SQL as the owner, with the organisation as its first parameter. */
  async sql<Row extends object>(query: string, ...parameters: unknown[]): Promise<Row[]> {
    return this.server.db.owner.inTenant(
      this.tenantId,
      async (tx) => (await tx.query<Row>(query, [this.tenantId, ...parameters])).rows,
    );
  }

  /** The action log of a user, in its order. */
  log({ userId }: TestUser = this.user): Promise<LogLine[]> {
    return this.sql<LogLine>(
      `SELECT day, category, action, changed_by AS "changedBy", changed_by_name AS "changedByName", reason
       FROM action_log WHERE tenant_id = $1 AND user_id = $2 ORDER BY logged_at, entry_id`,
      userId,
    );
  }
}
