import { type Static, Type } from 'typebox';
import { HttpProblem } from '../http/errors.ts';
import { quote } from '../http/text.ts';
import { DATE_FORMS, NO_DATE, parseDay, parseWindow } from '../http/window.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { listUsersById } from '../store/directory/users.ts';
import type { DayWindow } from '../store/values/day-window.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import { listBookings } from '../store/workday/bookings.ts';
import type { UserDay } from '../store/workday/day-plans.ts';
import { listUserDays } from '../store/workday/user-days.ts';
import { type DayRequest, notAcceptable, type RequestRefusal, writeRequests } from './day-requests.ts';
import { type DayView, viewDays } from './day-view.ts';
import { lockUserDays } from './lock-user-days.ts';

import { type RequestedDay, RequestedDayMembers, readRequestedDay } from './requested-day.ts';
import { UserReferenceMembers } from './user-references.ts';

export const DayBody = Type.Object({
  plan: Type.String({ description: 'o office, r remote, a away' }),
  ...RequestedDayMembers,
});

export const DayItem = Type.Object({
  ...UserReferenceMembers,
  day: Type.String({ description: DATE_FORMS }),
  plan: Type.Union([Type.String(), Type.Null()], {
    description: 'o office, r remote, a away; null resets the day, as DELETE of the day does',
  }),
  ...RequestedDayMembers,
});
export type DayItem = Static<typeof DayItem>;

export function readItem({ day: text, ...requested }: DayItem): Omit<DayRequest, 'userId'> | RequestRefusal {
  const day = parseDay(text);
  if (day === undefined) return notAcceptable('/day', `${quote(text)} ${NO_DATE}`);
  const asked = readRequestedDay(requested);
  return 'refused' in asked ? asked : { day, ...asked };
}

/** The plan of a day after its booking is cancelled; null: no plan. */
export const CANCELLED_TO = { r: { kind: 'r' }, a: { kind: 'a' }, none: null } as const;

/** Every day of the window, for one user. Throws a 404 if there is no such user. */
export async function readUserDays(
  tx: Tx,
  tenantId: string,
  userId: string,
  window: DayWindow,
): Promise<DayView[]> {
  if ((await listUsersById(tx, tenantId, [userId])).length === 0) throw noUser(userId);
  return viewDays(await listUserDays(tx, tenantId, userId, window), window);
}

/** Changes of a user's day. Each returns the day after the change, or throws the reason of a refusal. */
export class ManagedDays {
  readonly #database: Database;
  readonly #tenantId: string;
  readonly #author: DayAuthor;

  constructor(database: Database, tenantId: string, author: DayAuthor) {
    this.#database = database;
    this.#tenantId = tenantId;
    this.#author = author;
  }

  async set(userDay: UserDay, requested: RequestedDay): Promise<DayView> {
    const asked = readRequestedDay(requested);
    if ('refused' in asked) throw refusalProblem(asked);
    return this.#write(userDay, asked);
  }

  reset(userDay: UserDay, reason: string | null): Promise<DayView> {
    return this.#write(userDay, { plan: 'default', reason });
  }

  cancelBooking(userDay: UserDay, to: keyof typeof CANCELLED_TO, reason: string | null): Promise<DayView> {
    return this.#write(userDay, { plan: CANCELLED_TO[to], reason }, (tx) => this.#expectBooking(tx, userDay));
  }

  #write(
    userDay: UserDay,
    asked: Pick<DayRequest, 'plan' | 'reason' | 'version'>,
    expect: (tx: Tx) => Promise<void> = async () => undefined,
  ): Promise<DayView> {
    const tenantId = this.#tenantId;
    return inTenantWithRetries(this.#database, tenantId, async (tx) => {
      await expect(tx);
      const [outcome] = await writeRequests(tx, tenantId, [{ ...userDay, ...asked }], this.#author);
      if (typeof outcome === 'object') throw refusalProblem(outcome);
      const [day] = await readUserDays(tx, tenantId, userDay.userId, parseWindow(userDay.day, userDay.day));
      if (!day) throw new Error('A window of one day has no day.');
      return day;
    });
  }

  async #expectBooking(tx: Tx, userDay: UserDay): Promise<void> {
    const users = await lockUserDays(tx, this.#tenantId, [userDay.userId]);
    if (!users.has(userDay.userId)) throw noUser(userDay.userId);
    if ((await listBookings(tx, this.#tenantId, [userDay])).length > 0) return;
    throw new HttpProblem(404, `There is no booking on ${userDay.day}.`);
  }
}

const STATUS: Record<RequestRefusal['refused'], number> = {
  'unknown-user': 404,
  'not-acceptable': 400,
  'past-day': 409,
  'changed-meanwhile': 409,
  'not-bookable': 409,
  'desk-taken': 409,
  'zone-full': 409,
};

/** A refusal as the problem that answers a request for one day or week plan. */
export function refusalProblem({ refused, message, fault }: RequestRefusal): HttpProblem {
  return new HttpProblem(STATUS[refused], message, fault ? { errors: [fault] } : {});
}

export function noUser(userId: string): HttpProblem {
  return new HttpProblem(404, `There is no user ${userId}.`);
}
