import { type Static, Type } from 'typebox';
import type { Tx } from '../store/connections/db.ts';
import { parseGuid } from '../store/values/guid.ts';
import type { PageWindow } from '../store/values/page.ts';
import { LEAVE_TYPES } from '../store/workday/leaves.ts';
import { listOfficeNodes, type OfficeNode } from '../store/workday/offices.ts';
import { knownReason, OBSTACLE_CODES, REASON_CODES, SEAT_CODES } from '../store/workday/reasons.ts';
import { listUserChanges, type UserChangeRow } from '../store/workday/user-changes.ts';

const OrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

const Office = {
  locationId: OrNull('the office'),
  locationName: OrNull('its present name'),
};
const PlanState = Type.Object({ plan: Type.Enum(['o', 'r', 'a'] as const), ...Office });
const BookingState = Type.Object({
  ...Office,
  nodeId: Type.String({ description: 'the booked node' }),
  nodeName: OrNull('its present name'),
  depth: Type.Enum([1, 2, 3] as const, { description: '1 the office, 2 a zone, 3 a desk' }),
});

const KnownReason = Type.Object({
  code: Type.Enum(REASON_CODES),
  leaveType: Type.Optional(Type.Enum(LEAVE_TYPES)),
  seat: Type.Optional(Type.Enum(SEAT_CODES, { description: 'why the horizon engine chose the booking' })),
  obstacle: Type.Optional(
    Type.Enum(OBSTACLE_CODES, { description: 'why it did not choose the first desk that it tried' }),
  ),
});

/** An entry of the action log, as answers show it. */
export const UserChangeView = Type.Object({
  entryId: Type.String(),
  eventTime: Type.String({ format: 'date-time' }),
  day: Type.String({ description: 'YYYY-MM-DD: the day whose plan or booking changed' }),
  category: Type.Enum(['plan', 'booking'] as const),
  action: Type.String({
    description:
      'created, changed, deleted (a plan) or cancelled (a booking); entries of other systems may have others',
  }),
  description: Type.String({ description: 'one English sentence, without a full stop' }),
  changedBy: Type.Enum(['user', 'admin', 'engine', 'integration'] as const),
  changedByName: OrNull('the person or key'),
  reason: OrNull('the reason as it was recorded'),
  knownReason: Type.Optional(KnownReason),
  actionId: Type.String({ description: 'a plan and the booking that it causes share it' }),
  plan: Type.Optional(
    Type.Object(
      { before: Type.Union([PlanState, Type.Null()]), after: Type.Union([PlanState, Type.Null()]) },
      { description: 'of an entry of a plan that this server wrote' },
    ),
  ),
  booking: Type.Optional(
    Type.Object(
      { before: Type.Union([BookingState, Type.Null()]), after: Type.Union([BookingState, Type.Null()]) },
      { description: 'of an entry of a booking that this server wrote' },
    ),
  ),
});
export type UserChangeView = Static<typeof UserChangeView>;

/** A page of a user's entries, the newest first, and one more entry if there is one. */
export async function readUserChanges(
  tx: Tx,
  tenantId: string,
  wanted: { userId: string; day: string | undefined },
  page: PageWindow,
): Promise<UserChangeView[]> {
  const rows = await listUserChanges(tx, tenantId, wanted, page);
  const ids = rows.flatMap(({ before, after }) => [before, after].flatMap(idsIn));
  const nodes = await listOfficeNodes(tx, tenantId, [...new Set(ids)]);
  const nodeOf = new Map(nodes.map((node) => [node.nodeId, node]));
  return rows.map((row) => viewChange(row, nodeOf));
}

type Nodes = ReadonlyMap<string, OfficeNode>;
type State = UserChangeRow['before'];

function viewChange({ before, after, reason, ...row }: UserChangeRow, nodes: Nodes): UserChangeView {
  const known = reason === null ? undefined : knownReason(reason);
  const states =
    row.category === 'plan'
      ? { plan: both(viewPlan, before, after, nodes) }
      : { booking: both(viewBooking, before, after, nodes) };
  return {
    ...row,
    eventTime: row.eventTime.toISOString(),
    reason,
    ...(known ? { knownReason: known } : {}),
    ...(Object.values(states)[0] ? states : {}),
  } as UserChangeView;
}

/** The states before and after. Undefined if one of them was not written by this server, or if there is none. */
function both<View>(
  view: (state: NonNullable<State>, nodes: Nodes) => View | undefined,
  before: State,
  after: State,
  nodes: Nodes,
): { before: View | null; after: View | null } | undefined {
  const [was, is] = [before && view(before, nodes), after && view(after, nodes)];
  if (was === undefined || is === undefined || (was === null && is === null)) return undefined;
  return { before: was, after: is };
}

function viewPlan({ plan, locationId }: NonNullable<State>, nodes: Nodes) {
  if (plan !== 'o' && plan !== 'r' && plan !== 'a') return undefined;
  return { plan, ...viewOffice(locationId, nodes) };
}

function viewBooking({ locationId, nodeId, depth }: NonNullable<State>, nodes: Nodes) {
  if (typeof nodeId !== 'string' || (depth !== 1 && depth !== 2 && depth !== 3)) return undefined;
  return { ...viewOffice(locationId, nodes), nodeId, nodeName: nodes.get(nodeId)?.name ?? null, depth };
}

function viewOffice(locationId: unknown, nodes: Nodes) {
  if (typeof locationId !== 'string') return { locationId: null, locationName: null };
  return { locationId, locationName: nodes.get(locationId)?.name ?? null };
}

function idsIn(state: State): string[] {
  return [state?.locationId, state?.nodeId].flatMap((id) =>
    typeof id === 'string' && parseGuid(id) !== undefined ? [parseGuid(id) as string] : [],
  );
}
