import { HttpProblem } from '../http/errors.ts';
import type { Tx } from '../store/connections/db.ts';
import type { NodeRow } from '../store/directory/nodes.ts';
import {
  type LevelNode,
  listLevelNodes,
  listLevelPeople,
  listSpaceOccupancy,
  type SpaceOccupancy,
} from '../store/floor/level-day.ts';
import { groupBy } from '../store/values/group-by.ts';
import { listOfficesOnDays, type OfficeOnDayRow } from '../store/workday/user-presence.ts';
import { attendanceOf } from '../workday/attendance.ts';
import { DESK_STATES, type LevelDay, type LevelItem, type LevelPersonView } from './level-day-schema.ts';
import { detectedAt, type LevelPerson, PERSON_STATES, type PersonState, stateAt } from './person-states.ts';

/** Reads the day of a level in the transaction's snapshot. Its statements are as many for ten desks as for thousands. */
export async function readLevelDay(
  tx: Tx,
  tenantId: string,
  { level, day, now }: { level: NodeRow; day: string; now: Date },
): Promise<LevelDay> {
  const locationId = level.parentId ?? '';
  const [office] = await listOfficesOnDays(tx, tenantId, [{ locationId, day }], now);
  if (!office)
    throw new HttpProblem(
      409,
      'The database does not know the time zone of this office, so it has no days there.',
    );
  const nodes = await listLevelNodes(tx, tenantId, level.nodeId);
  const nodeIds = [level.nodeId, ...nodes.map(({ nodeId }) => nodeId)];
  const rows = await listLevelPeople(tx, tenantId, { locationId, day, nodeIds });
  const occupancy = await listSpaceOccupancy(tx, tenantId, { locationId, day, now });
  const people = rows.map((row): LevelPerson => ({ ...row, type: typeOf(row, office) }));
  return viewLevelDay({ level, office, now, nodes, people, occupancy });
}

/** The attendance of a user at the office. */
function typeOf(row: Omit<LevelPerson, 'type'>, office: OfficeOnDayRow): LevelPerson['type'] {
  const { locationId } = office;
  const stored = row.isPlannedHere
    ? { plan: 'o' as const, locationId, madeByPresence: row.madeByPresence }
    : null;
  const seenAt = row.detections.length > 0 ? [locationId] : [];
  return attendanceOf(stored, seenAt, new Map([[locationId, office]]))[0]?.type ?? null;
}

interface Facts {
  level: NodeRow;
  office: OfficeOnDayRow;
  now: Date;
  nodes: LevelNode[];
  people: LevelPerson[];
  occupancy: SpaceOccupancy[];
}

function viewLevelDay({ level, office, now, nodes, people, occupancy }: Facts): LevelDay {
  const nodeOf = new Map(nodes.filter(({ inUse }) => inUse).map((node) => [node.nodeId, node]));
  const occupancyOf = new Map(occupancy.map((each) => [each.nodeId, each]));
  const standing = people.flatMap((person) =>
    nodesOf(person).flatMap((nodeId) => {
      const node = nodeOf.get(nodeId);
      const state = node && stateAt(person, node);
      return node && state ? [{ node, person, state }] : [];
    }),
  );
  const atNode = groupBy(standing, ({ node }) => node.nodeId);
  const counts = Object.fromEntries(DESK_STATES.map((state) => [state, 0])) as LevelDay['counts'];
  const inZone = groupBy(standing, ({ node }) => node.zoneId);
  const items = [...nodeOf.values()].map((node): LevelItem => {
    const exactly = atNode.get(node.nodeId) ?? [];
    const all = node.kind === 'zone' ? (inZone.get(node.nodeId) ?? []) : exactly;
    const atDesks = new Set(node.kind === 'zone' ? usersAtDesks(all) : []);
    const state = leadingState(all.map((each) => each.state));
    if (node.kind === 'place') counts[state]++;
    return {
      nodeId: node.nodeId,
      kind: node.kind,
      name: node.name,
      zoneId: node.zoneId,
      state: node.kind === 'space' ? spaceState(occupancyOf.get(node.nodeId)) : state,
      people: exactly
        .filter(({ person }) => !atDesks.has(person.userId))
        .map((each) => viewPerson(each.person, each.state, each.node)),
      ...membersOfKind(node, all, occupancyOf.get(node.nodeId)),
    };
  });
  const placed = new Set(standing.map(({ person }) => person.userId));
  return {
    levelId: level.nodeId,
    levelName: level.name,
    locationId: office.locationId,
    locationName: office.locationName,
    date: office.day,
    timeZone: office.timeZone,
    asOf: now.toISOString(),
    isOver: office.ended,
    items,
    others: people.filter(({ userId }) => !placed.has(userId)).map((person) => viewOther(person)),
    counts,
    attendance: countAttendance(people, new Set([level.nodeId, ...nodes.map(({ nodeId }) => nodeId)])),
  };
}

/** The nodes to which a person may stand, each once. */
function nodesOf({ bookedNodeId, detections }: LevelPerson): string[] {
  return [
    ...new Set([...(bookedNodeId === null ? [] : [bookedNodeId]), ...detections.map(({ nodeId }) => nodeId)]),
  ];
}

function leadingState(states: PersonState[]): (typeof DESK_STATES)[number] {
  return PERSON_STATES.find((state) => states.includes(state)) ?? 'free';
}

function spaceState(occupancy: SpaceOccupancy | undefined): 'inUse' | 'free' | 'unknown' {
  if (!occupancy) return 'unknown';
  return occupancy.occupied ? 'inUse' : 'free';
}

interface Standing {
  node: LevelNode;
  person: LevelPerson;
  state: PersonState;
}

/** The users whom a desk of the zone shows already. */
function usersAtDesks(inZone: readonly Standing[]): string[] {
  return inZone.flatMap(({ person, node }) => (node.kind === 'place' ? person.userId : []));
}

function isBookedAt({ person, node }: Standing): boolean {
  return person.isPlannedHere && !person.madeByPresence && person.bookedNodeId === node.nodeId;
}

function isHereAt({ person, node, state }: Standing): boolean {
  return state === 'here' || person.detections.some(({ nodeId }) => nodeId === node.nodeId);
}

function membersOfKind(
  { kind, capacity, spaceType, ownerId, ownerName }: LevelNode,
  all: readonly Standing[],
  occupancy: SpaceOccupancy | undefined,
): Partial<LevelItem> {
  if (kind === 'place')
    return { owner: ownerId === null ? null : { userId: ownerId, name: ownerName ?? '' } };
  if (kind === 'zone')
    return { capacity, booked: countUsers(all.filter(isBookedAt)), here: countUsers(all.filter(isHereAt)) };
  return { capacity, spaceType, occupancy: viewOccupancy(occupancy) };
}

function countUsers(standing: readonly Standing[]): number {
  return new Set(standing.map(({ person }) => person.userId)).size;
}

function viewOccupancy(of: SpaceOccupancy | undefined): NonNullable<LevelItem['occupancy']> | null {
  return (
    (of && { occupied: of.occupied, occupancy: of.occupancy, observedAt: of.observedAt.toISOString() }) ??
    null
  );
}

/** A planned user counts on the level of the booking, as rows of the export do. A walk-in counts where detected. */
function countAttendance(people: LevelPerson[], onLevel: ReadonlySet<string>): LevelDay['attendance'] {
  const counts = { open: 0, confirmed: 0, noShow: 0, unconfirmed: 0, walkIn: 0 };
  for (const person of people) {
    const isBooked = person.isPlannedHere && onLevel.has(person.bookedNodeId ?? '');
    if (person.type === 'walkIn') {
      if (isBooked || person.detections.some(({ nodeId }) => onLevel.has(nodeId))) counts.walkIn++;
    } else if (isBooked) counts[person.type ?? 'open']++;
  }
  return counts;
}

function viewPerson(person: LevelPerson, state: PersonState, node: LevelNode | undefined): LevelPersonView {
  const detection = node ? detectedAt(person, node) : person.detections[0];
  return {
    userId: person.userId,
    name: person.name,
    state,
    bookedNodeId: person.bookedNodeId,
    bookedName: person.bookedName,
    detectedNodeId: detection?.nodeId ?? null,
    detectedName: detection?.name ?? null,
    firstSeenAt: person.firstSeenAt?.toISOString() ?? null,
    lastSeenAt: person.lastSeenAt?.toISOString() ?? null,
  };
}

function viewOther(person: LevelPerson): LevelPersonView {
  const state = person.type === 'confirmed' ? 'here' : (person.type ?? 'booked');
  return viewPerson(person, state, undefined);
}
