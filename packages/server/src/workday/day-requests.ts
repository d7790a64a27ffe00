import type { Tx } from '../store/connections/db.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import type { UserCalendar } from '../store/workday/leaves.ts';
import { listOfficeNodes, type OfficeNode } from '../store/workday/offices.ts';
import { listDaysOfUsers } from '../store/workday/user-days.ts';
import { dayVersion } from './day-view.ts';
import { type DefaultDays, loadDefaultDays } from './default-days.ts';
import { lockUserDays } from './lock-user-days.ts';
import type { DayChange, DayOutcome, Plan, RefusalCode } from './model.ts';
import { writeDays } from './plan.ts';
import { userDayKey } from './workday.ts';

/** The last day for which there can be a plan. */
const LAST_DAY = '2100-12-31';

/** A change of a user's day that an administrator requests. Ids are in lower case. */
export interface DayRequest {
  userId: string;
  /** `YYYY-MM-DD`. */
  day: string;
  /** Null: no plan; `default`: the default of the day. */
  plan: Plan | null | 'default';
  reason: string | null;
  /** The version that the day must have before the call; undefined: any. */
  version?: string | undefined;
}

export const REQUEST_REFUSALS = [
  'unknown-user',
  'not-acceptable',
  'past-day',
  'changed-meanwhile',
  'not-bookable',
  'desk-taken',
  'zone-full',
] as const satisfies readonly (RefusalCode | 'not-acceptable' | 'past-day' | 'changed-meanwhile')[];

export interface RequestRefusal {
  refused: (typeof REQUEST_REFUSALS)[number];
  /** One English sentence for the caller. */
  message: string;
  /** If `not-acceptable`: a JSON Pointer to the member, and its fault. */
  fault?: { path: string; message: string };
}

export type RequestOutcome = Exclude<DayOutcome, object> | RequestRefusal;

/** The refusal of a member that is not acceptable; `path` is a JSON Pointer. */
export function notAcceptable(path: string, message: string): RequestRefusal {
  const member = path.slice(1).replaceAll('/', '.');
  return { refused: 'not-acceptable', message: `${member} ${message}.`, fault: { path, message } };
}

/**
 * Applies `requests` to users' days, one after the other. Outcomes are in the order of `requests`; a refused request
 * stops no other. Days before a user's today cannot change. Throws as `writeDays`.
 */
export async function writeRequests(
  tx: Tx,
  tenantId: string,
  requests: DayRequest[],
  author: DayAuthor,
): Promise<RequestOutcome[]> {
  const userIds = [...new Set(requests.map(({ userId }) => userId))];
  const statuses = await lockUserDays(tx, tenantId, userIds);
  const people = await loadDefaultDays(tx, tenantId, userIds, author.at);
  const nodes = await loadNodes(tx, tenantId, requests);
  const versions = await loadVersions(tx, tenantId, requests);
  const judged = requests.map((request) => {
    const person = people.get(request.userId);
    const isActive = statuses.get(request.userId) === 'active';
    return person ? judge(request, person, { nodes, isActive, versions }) : unknownUser(request.userId);
  });
  const outcomes = await writeDays(
    tx,
    tenantId,
    judged.flatMap((each) => ('refused' in each ? [] : [each])),
    author,
    { statuses },
  );
  return judged.map((each) => {
    if ('refused' in each) return each;
    const outcome = outcomes.shift();
    if (outcome === undefined) throw new Error('A change of a day has no outcome.');
    return outcome;
  });
}

interface Facts {
  nodes: Map<string, OfficeNode>;
  isActive: boolean;
  /** The version of each day for which a request names one. */
  versions: Map<string, string>;
}

function judge(
  { userId, day, plan, reason, version }: DayRequest,
  person: DefaultDays,
  { nodes, isActive, versions }: Facts,
): DayChange | RequestRefusal {
  const fault =
    dayFault(day, person) ??
    versionFault(day, version, versions.get(userDayKey(userId, day))) ??
    (plan !== 'default' && plan?.kind === 'o' && bookingFault(plan, nodes));
  if (fault) return fault;
  if (plan !== 'default') return { userId, day, plan, setBy: 'day', reason };
  // An inactive user's days have no default.
  const [defaultDay] = isActive ? person.on([day]) : [];
  return {
    userId,
    day,
    plan: defaultDay?.plan ?? null,
    setBy: defaultDay?.setBy ?? 'day',
    reason,
    resetsToDefault: true,
  };
}

function dayFault(day: string, { today }: UserCalendar): RequestRefusal | undefined {
  if (day > LAST_DAY) return notAcceptable('/day', `${day} is after ${LAST_DAY}`);
  if (day >= today) return undefined;
  const message = `${day} is in the past and cannot change: the user's today is ${today}.`;
  return { refused: 'past-day', message };
}

function versionFault(
  day: string,
  expected: string | undefined,
  actual: string | undefined,
): RequestRefusal | undefined {
  if (expected === undefined || expected === actual) return undefined;
  const message = `${day} has changed since it was read. Read it again; its version is ${actual}.`;
  return { refused: 'changed-meanwhile', message };
}

/** The present versions of the days for which a request names one. Their users are locked. */
async function loadVersions(tx: Tx, tenantId: string, requests: DayRequest[]): Promise<Map<string, string>> {
  const days = requests.filter(({ version }) => version !== undefined);
  if (days.length === 0) return new Map();
  const unplanned = dayVersion(null);
  const versions = new Map(days.map(({ userId, day }) => [userDayKey(userId, day), unplanned]));
  // The rows from which answers show a day: its version is that of the answer.
  for (const row of await listDaysOfUsers(tx, tenantId, days)) {
    versions.set(userDayKey(row.userId, row.day), dayVersion(row));
  }
  return versions;
}

/** Why a booking can never be possible. `writeDays` checks later whether the node is active and free. */
function bookingFault(
  { locationId, booking }: Plan & { kind: 'o' },
  nodes: Map<string, OfficeNode>,
): RequestRefusal | undefined {
  if (nodes.get(locationId)?.kind !== 'location') {
    return notAcceptable('/locationId', `${locationId} is not known as a location`);
  }
  if (!booking) return undefined;
  const node = nodes.get(booking.nodeId);
  const path = '/booking/nodeId';
  if (!node) return notAcceptable(path, `${booking.nodeId} is not known`);
  if (node.kind === 'level' || node.kind === 'space') {
    return notAcceptable(
      path,
      `${booking.nodeId} is a ${node.kind}; only desks, zones and locations can be booked`,
    );
  }
  if (node.locationId !== locationId) {
    return notAcceptable(path, `${booking.nodeId} is not at location ${locationId}`);
  }
  return undefined;
}

async function loadNodes(tx: Tx, tenantId: string, requests: DayRequest[]): Promise<Map<string, OfficeNode>> {
  const nodeIds = requests.flatMap(({ plan }) =>
    plan !== 'default' && plan?.kind === 'o'
      ? [plan.locationId, plan.booking?.nodeId ?? plan.locationId]
      : [],
  );
  const nodes = await listOfficeNodes(tx, tenantId, [...new Set(nodeIds)]);
  return new Map(nodes.map((node) => [node.nodeId, node]));
}

function unknownUser(userId: string): RequestRefusal {
  return { refused: 'unknown-user', message: `User ${userId} is not known.` };
}
