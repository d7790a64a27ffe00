import type { Static } from 'typebox';
import { Type } from 'typebox';
import type { Caller } from '../auth/guard.ts';
import { Maybe } from '../http/schema.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { type Resolved, resolve } from '../store/directory/directory-look-up.ts';
import { addDays, utcDay } from '../store/values/days.ts';
import { LEAVE_TYPES, type LeaveType, listLocalDays, type UserInstant } from '../store/workday/leaves.ts';
import { type LeaveChange, writeLeaves } from '../workday/leave.ts';
import {
  countDays,
  dayRangeFault,
  laterOf,
  leaveDatesFault,
  type MemberFault,
  readLeaveDate,
} from '../workday/leave-dates.ts';
import { lockUserDays } from '../workday/plan.ts';
import { classifyNamedUser } from './event-user.ts';
import { type Fault, isRefusal, type Refusal, refuse } from './refusal-causes.ts';
import { type RefusalKeeper, refusedOf } from './refused-event-log.ts';
import { EventResult, toResult } from './results.ts';
import type { ActivityCounter } from './source-activity.ts';
import { textsFault } from './values.ts';

export const TIME_OFF_EVENTS_PER_CALL = 1_000;
/** The most days that one transaction changes. Almost every request fits, and the transaction takes a second or two. */
const DAYS_PER_TRANSACTION = 20_000;

const EVENT_TYPES = ['scheduled', 'cancelled'] as const;
const DATE =
  'YYYY-MM-DD, or an ISO 8601 instant. Midnight, in UTC or by its own offset, means that date. Another instant means the local date';

export const TimeOffEvent = Type.Object({
  eventId: Type.String({ description: 'any text; echoed' }),
  email: Maybe(
    Type.String({ description: 'e-mail or userName; exact, else the only one that differs by case' }),
  ),
  uid: Maybe(Type.String({ description: 'id of the user; this or email' })),
  eventType: Type.String({ description: EVENT_TYPES.join(', ') }),
  startDate: Type.String({ description: `first day; ${DATE} at the user's office` }),
  endDate: Type.String({ description: 'last day, included; as startDate' }),
  timeOffType: Maybe(Type.String({ description: LEAVE_TYPES.join(', ') })),
});
export type TimeOffEvent = Static<typeof TimeOffEvent>;

export const TimeOffSubmission = Type.Object({
  timeOffEvents: Type.Array(TimeOffEvent, { maxItems: TIME_OFF_EVENTS_PER_CALL }),
});
export type TimeOffSubmission = Static<typeof TimeOffSubmission>;

export const TimeOffReply = Type.Object({
  timestamp: Type.String({ format: 'date-time', description: "the server's time" }),
  results: Type.Array(EventResult, { description: 'one per event, in the order of the request' }),
});
export type TimeOffReply = Static<typeof TimeOffReply>;

interface Deps {
  database: Database;
  refusals: RefusalKeeper;
  activity: ActivityCounter;
  clock: () => number;
}

/**
 * Applies time off in the order of the request, and keeps the refused events. The number of transactions depends on
 * the number of days. Throws `StoreUnavailableError`: then a first part of it may have been applied, and the caller
 * may send all of it again.
 */
export async function submitTimeOff(
  batch: { caller: Caller; events: TimeOffEvent[] },
  deps: Deps,
): Promise<TimeOffReply> {
  const nowMs = deps.clock();
  const refusals = await storeTimeOff(batch, deps, nowMs);
  return {
    timestamp: new Date(nowMs).toISOString(),
    results: batch.events.map(({ eventId }, index) => toResult(eventId, refusals[index])),
  };
}

/** As `submitTimeOff`. Returns the refusal of each event, in order; undefined for an applied event. */
export async function storeTimeOff(
  { caller, events }: { caller: Caller; events: TimeOffEvent[] },
  { database, refusals, activity }: Deps,
  nowMs: number,
): Promise<(Refusal | undefined)[]> {
  const refused: (Refusal | undefined)[] = [];
  for (const slice of sliced(events, nowMs)) {
    const outcomes = await inTenantWithRetries(database, caller.tenantId, async (tx) => {
      const outcomes = await classify(tx, caller.tenantId, slice);
      const changes = outcomes.filter((outcome): outcome is LeaveChange => !isRefusal(outcome));
      await writeLeaves(tx, caller.tenantId, changes, {
        actor: { changedBy: 'integration', name: caller.name, reason: null },
        at: new Date(nowMs),
      });
      await refusals.record(tx, caller, 'timeoff', refusedOf(slice, outcomes));
      return outcomes;
    });
    refused.push(...outcomes.map((outcome) => (isRefusal(outcome) ? outcome : undefined)));
    const causes = outcomes.filter(isRefusal).map(({ cause }) => cause);
    const counts = { accepted: outcomes.length - causes.length, refused: causes.length, causes };
    activity.note(caller.tenantId, { endpoint: 'timeoff', sourceId: '', ...counts, atMs: nowMs });
  }
  return refused;
}

/**
 * Splits the events, in order, into slices of at most `DAYS_PER_TRANSACTION` days. An event with more days has a
 * slice of its own.
 */
function sliced(events: TimeOffEvent[], nowMs: number): TimeOffEvent[][] {
  const slices: TimeOffEvent[][] = [];
  let days = 0;
  for (const event of events) {
    const count = daysAtMost(event, nowMs);
    const slice = slices.at(-1);
    if (slice && days + count <= DAYS_PER_TRANSACTION) {
      slice.push(event);
      days += count;
    } else {
      slices.push([event]);
      days = count;
    }
  }
  return slices;
}

/** The most days that an event can change, in any time zone of its user. */
function daysAtMost(event: TimeOffEvent, nowMs: number): number {
  if (leaveDatesFault(event) !== undefined) return 0;
  const [startDay, endDay] = [event.startDate, event.endDate].map((text) => {
    const date = readLeaveDate(text);
    return date && 'day' in date ? date.day : date?.instant.slice(0, 10);
  });
  if (startDay === undefined || endDay === undefined) return 0;
  const yesterday = addDays(utcDay(nowMs), -1);
  return countDays({ startDay: laterOf(addDays(startDay, -1), yesterday), endDay: addDays(endDay, 1) });
}

async function classify(
  tx: Tx,
  tenantId: string,
  events: TimeOffEvent[],
): Promise<(LeaveChange | Refusal)[]> {
  const faults = events.map(faultOf);
  const sound = events.filter((_, index) => faults[index] === undefined);
  const resolved = await resolve(tx, tenantId, {
    userIds: sound.flatMap(({ uid }) => uid ?? []),
    namesInAnyCase: sound.flatMap(({ email }) => email ?? []),
  });
  const users = events.map((event, index) => {
    const fault = faults[index];
    return fault === undefined ? userOf(event, resolved) : refuse(fault.cause, fault.message);
  });
  const userIds = users.flatMap((user) => (isRefusal(user) ? [] : user.userId));
  // The lock comes before any read of these users' days: other transactions that change them have then ended.
  const statuses = await lockUserDays(tx, tenantId, [...new Set(userIds)]);
  const localDay = await localDays(tx, tenantId, events, users);
  return events.map((event, index) => {
    const user = users[index] ?? absent();
    if (isRefusal(user)) return user;
    const { userId } = user;
    if (statuses.get(userId) !== 'active') return refuse('unknownUser', 'the user is no longer active');
    const range = { startDay: localDay(userId, event.startDate), endDay: localDay(userId, event.endDate) };
    const fault = dayRangeFault(range);
    if (fault) return refuse('invalidDates', sentenceOf(fault));
    const leaveType = LEAVE_TYPES.find((type) => type === event.timeOffType) ?? null;
    return { userId, kind: event.eventType as LeaveChange['kind'], leaveType, ...range };
  });
}

/** Returns the fault of an event, independent of its user. */
function faultOf(event: TimeOffEvent): Fault | undefined {
  const { eventId, email, uid, eventType, startDate, endDate, timeOffType } = event;
  const fault = textsFault({ eventId, email, uid, eventType, startDate, endDate, timeOffType });
  if (fault !== undefined) return fault;
  if (!(EVENT_TYPES as readonly string[]).includes(eventType)) {
    return { cause: 'invalidValue', message: `eventType must be one of ${EVENT_TYPES.join(', ')}` };
  }
  if (timeOffType != null && !LEAVE_TYPES.includes(timeOffType as LeaveType)) {
    return { cause: 'invalidValue', message: `timeOffType must be one of ${LEAVE_TYPES.join(', ')}` };
  }
  const datesFault = leaveDatesFault({ startDate, endDate });
  return datesFault && { cause: 'invalidDates', message: sentenceOf(datesFault) };
}

function sentenceOf({ member, fault }: MemberFault): string {
  return `${member} ${fault}`;
}

function userOf(event: TimeOffEvent, resolved: Resolved): { userId: string } | Refusal {
  const user = classifyNamedUser(
    [
      { member: 'uid', text: event.uid, find: (userId) => resolved.userById(userId) },
      { member: 'email', text: event.email, find: (name) => resolved.userByNameInAnyCase(name) },
    ],
    'no active user matches, or several differ only by case',
  );
  return user ?? absent();
}

function absent(): Refusal {
  return refuse('noUser', 'uid and email are both absent');
}

/**
 * Returns a function that gives the local day of a user for a date of an event. It looks up the instants of all
 * events together.
 */
async function localDays(
  tx: Tx,
  tenantId: string,
  events: TimeOffEvent[],
  users: ({ userId: string } | Refusal)[],
): Promise<(userId: string, text: string) => string> {
  const instants = events.flatMap(({ startDate, endDate }, index): UserInstant[] => {
    const user = users[index];
    if (!user || isRefusal(user)) return [];
    return [startDate, endDate].flatMap((text) => {
      const date = readLeaveDate(text);
      return date && 'instant' in date ? [{ userId: user.userId, instant: date.instant }] : [];
    });
  });
  const days = new Map<string, string>();
  for (const { userId, instant, day } of await listLocalDays(tx, tenantId, instants)) {
    days.set(`${userId} ${instant}`, day);
  }
  return (userId, text) => {
    const date = readLeaveDate(text);
    if (!date) return '';
    return 'day' in date ? date.day : (days.get(`${userId} ${date.instant}`) ?? '');
  };
}
