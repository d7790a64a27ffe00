import { type Static, type TSchema, Type } from 'typebox';
import { Maybe } from '../http/schema.ts';
import { quote } from '../http/text.ts';
import { NO_DATE, parseDay } from '../http/window.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { parseGuid } from '../store/values/guid.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import { applyWeekPlans } from './apply-week.ts';
import { notAcceptable, type RequestRefusal } from './day-requests.ts';

import { setWeekPlans, type WeekdayPlan, type WeekPlan, type WeekPlanRefusal } from './week-plan.ts';

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
type Weekday = (typeof WEEKDAYS)[number];

const WeekdayView = Type.Object({
  plan: Type.String({ description: 'o office, r remote, a away' }),
  locationId: Maybe(
    Type.String({
      description: 'the office of an office plan; null: the primary location at that time',
    }),
  ),
});
type WeekdayView = Static<typeof WeekdayView>;

export const WeekView = eachWeekday(Type.Union([WeekdayView, Type.Null()], { description: 'null: no plan' }));
export type WeekView = Record<Weekday, WeekdayView | null>;

export const WeekMembers = {
  weekPlan: eachWeekday(Maybe(WeekdayView)),
  applyFrom: Maybe(
    Type.String({
      description:
        'a date. From this day on, but not before today, up to the horizon, the server makes anew the days that ' +
        'the week plan made, and those without a plan. Left out: days that have a plan stay as they are',
    }),
  ),
  version: Maybe(
    Type.String({
      description: 'the `version` of the week plan as it was read; the server refuses if it is another',
    }),
  ),
};
interface RequestedWeek {
  weekPlan: { [Day in Weekday]?: WeekdayView | null };
  applyFrom?: string | null;
  version?: string | null;
}

/** A request to set a week plan, in the terms of the model. */
export interface WeekRequest {
  userId: string;
  week: WeekPlan;
  /** `YYYY-MM-DD`; undefined: existing days stay as they are. */
  applyFrom: string | undefined;
  version?: string | undefined;
}

export type WeekOutcome = 'changed' | 'unchanged' | RequestRefusal;

export function readWeek({
  weekPlan,
  applyFrom,
  version: asked,
}: RequestedWeek): Omit<WeekRequest, 'userId'> | RequestRefusal {
  const week: (WeekdayPlan | null)[] = [];
  for (const weekday of WEEKDAYS) {
    const plan = readWeekday(`/weekPlan/${weekday}`, weekPlan[weekday] ?? null);
    if (plan && 'refused' in plan) return plan;
    week.push(plan);
  }
  const version = asked ?? undefined;
  if (applyFrom == null) return { week: week as WeekPlan, applyFrom: undefined, version };
  const from = parseDay(applyFrom);
  if (from === undefined) return notAcceptable('/applyFrom', `${quote(applyFrom)} ${NO_DATE}`);
  return { week: week as WeekPlan, applyFrom: from, version };
}

/** A week plan, as answers show it. */
export function viewWeek(week: WeekPlan): WeekView {
  const days = WEEKDAYS.map((weekday, index) => [weekday, viewWeekday(week[index] ?? null)] as const);
  return Object.fromEntries(days) as WeekView;
}

/**
 * Sets the week plans of users, each user once, and applies those with `applyFrom`. Outcomes are in the order of
 * `requests`; a refused week plan stops no other. Throws as `writeDays`.
 */
export async function writeWeeks(
  tx: Tx,
  tenantId: string,
  requests: WeekRequest[],
  author: DayAuthor,
): Promise<WeekOutcome[]> {
  const outcomes = await setWeekPlans(tx, tenantId, requests);
  const starts = requests.flatMap(({ userId, applyFrom }, n) =>
    applyFrom === undefined || typeof outcomes[n] === 'object' ? [] : [{ userId, fromDay: applyFrom }],
  );
  const changed = await applyWeekPlans(tx, tenantId, starts, author);
  return requests.map(({ userId }, n) => {
    const outcome = outcomes[n];
    if (typeof outcome === 'object') return refusalOf(outcome);
    return outcome === 'changed' || changed.has(userId) ? 'changed' : 'unchanged';
  });
}

/** The most users whose week plans are written at once. With their days, it bounds the locks of a transaction. */
const PEOPLE_AT_ONCE = 100;

/**
 * `writeWeeks` for any number of requests, in order, in several transactions. A later request for a user replaces an
 * earlier one. `record` gets the number of changed week plans of a transaction, in that transaction.
 */
export async function writeManyWeeks(
  database: Database,
  tenantId: string,
  requests: WeekRequest[],
  { author, record }: { author: DayAuthor; record: (tx: Tx, changed: number) => Promise<void> },
): Promise<WeekOutcome[]> {
  const outcomes: WeekOutcome[] = [];
  for (let start = 0; start < requests.length; start = outcomes.length) {
    const slice = onceEach(requests.slice(start, start + PEOPLE_AT_ONCE));
    const written = await inTenantWithRetries(database, tenantId, async (tx) => {
      const results = await writeWeeks(tx, tenantId, slice, author);
      const changed = results.filter((outcome) => outcome === 'changed').length;
      if (changed > 0) await record(tx, changed);
      return results;
    });
    outcomes.push(...written);
  }
  return outcomes;
}

/** The requests before the first one that repeats a user. */
function onceEach(requests: WeekRequest[]): WeekRequest[] {
  const seen = new Set<string>();
  const repeated = requests.findIndex(({ userId }) => seen.size === seen.add(userId).size);
  return repeated === -1 ? requests : requests.slice(0, repeated);
}

function readWeekday(path: string, weekday: WeekdayView | null): WeekdayPlan | null | RequestRefusal {
  if (weekday === null) return null;
  const { plan, locationId } = weekday;
  if (plan !== 'o' && plan !== 'r' && plan !== 'a') {
    return notAcceptable(`${path}/plan`, `${quote(plan)} is none of o, r and a`);
  }
  if (locationId == null) return plan === 'o' ? { kind: plan, locationId: null } : { kind: plan };
  if (plan !== 'o') return notAcceptable(`${path}/locationId`, 'goes with the plan o only');
  const office = parseGuid(locationId);
  if (office === undefined) return notAcceptable(`${path}/locationId`, `${quote(locationId)} is not a GUID`);
  return { kind: plan, locationId: office };
}

function viewWeekday(plan: WeekdayPlan | null): WeekdayView | null {
  if (!plan) return null;
  return plan.kind === 'o' ? { plan: 'o', locationId: plan.locationId } : { plan: plan.kind };
}

function refusalOf({ refused, message, weekday }: WeekPlanRefusal): RequestRefusal {
  if (refused === 'unknown-user' || refused === 'changed-meanwhile') return { refused, message };
  const day = weekday === undefined ? undefined : WEEKDAYS[weekday];
  return {
    refused: 'not-acceptable',
    message: day ? `weekPlan.${day}.locationId: ${message}` : message,
    fault: { path: day ? `/weekPlan/${day}/locationId` : '/weekPlan', message },
  };
}

function eachWeekday<T extends TSchema>(schema: T) {
  return Type.Object({
    monday: schema,
    tuesday: schema,
    wednesday: schema,
    thursday: schema,
    friday: schema,
    saturday: schema,
    sunday: schema,
  });
}
