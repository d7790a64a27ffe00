import { type Static, Type } from 'typebox';
import { HttpProblem } from '../http/errors.ts';
import type { Tx } from '../store/connections/db.ts';
import {
  type DeskDay,
  findOfficeZones,
  listDeskDays,
  type OfficeZones,
} from '../store/workday/availability.ts';
import type { OfficeNode } from '../store/workday/offices.ts';
import { BookingState } from './booking-state.ts';
import type { RefusalCode } from './model.ts';

const STATES = ['free', 'booked', 'assigned', 'zone-full'] as const;
type State = (typeof STATES)[number];

const Desk = Type.Object({
  deskId: Type.String(),
  deskName: Type.String(),
  zoneId: Type.String(),
  zoneName: Type.String(),
  levelId: Type.String(),
  levelName: Type.String(),
  state: Type.Enum(STATES, {
    description:
      'free: a user without a booking there can book it; assigned: its owner keeps it that day; ' +
      'zone-full: the desk is not booked, but its zone is full',
  }),
  bookedBy: Type.Optional(Type.String({ description: 'the user who has booked the desk' })),
  assignedTo: Type.Optional(Type.String({ description: 'the owner, if active' })),
});

const Zone = Type.Object({
  zoneId: Type.String(),
  zoneName: Type.String(),
  levelId: Type.String(),
  levelName: Type.String(),
  capacity: Type.Union([Type.Integer(), Type.Null()], { description: 'null: no limit' }),
  booked: Type.Integer({ description: 'bookings of the zone and of its desks' }),
  remaining: Type.Union([Type.Integer(), Type.Null()], { description: 'null: no limit' }),
  freeDesks: Type.Integer(),
});

export const Availability = Type.Object({
  locationId: Type.String(),
  day: Type.String({ description: 'YYYY-MM-DD' }),
  desks: Type.Array(Desk, { description: 'active ones, by level, zone and name' }),
  zones: Type.Array(Zone, { description: 'active ones, by level and name' }),
});
export type Availability = Static<typeof Availability>;

interface OfficeAvailability extends OfficeZones {
  locationId: string;
  day: string;
}

/** The desks and zones of an office on `day` (`YYYY-MM-DD`). Throws a 404 if there is no such office. */
export async function readAvailability(
  tx: Tx,
  tenantId: string,
  locationId: string,
  day: string,
): Promise<Availability> {
  const office = await findOfficeZones(tx, tenantId, locationId, day);
  if (!office) throw new HttpProblem(404, `There is no location ${locationId}.`);
  const zones = office.active ? office.zones : [];
  const zoneOf = new Map(zones.map((zone) => [zone.zoneId, zone]));
  const rows = await listDeskDays(tx, tenantId, [...zoneOf.keys()], day);
  const stateOf = judge({ ...office, zones, locationId, day }, rows);
  const free = new Map<string, number>();
  const desks = rows.flatMap(({ deskId, deskName, zoneId, bookedBy, assignedTo }) => {
    const zone = zoneOf.get(zoneId);
    if (!zone) return [];
    const state = stateOf(deskId);
    if (state === 'free') free.set(zoneId, (free.get(zoneId) ?? 0) + 1);
    const { zoneName, levelId, levelName } = zone;
    return [
      {
        deskId,
        deskName,
        zoneId,
        zoneName,
        levelId,
        levelName,
        state,
        ...(bookedBy === null ? {} : { bookedBy }),
        ...(assignedTo === null ? {} : { assignedTo }),
      },
    ];
  });
  return {
    locationId,
    day,
    desks,
    zones: zones.map((zone) => ({
      ...zone,
      remaining: zone.capacity === null ? null : Math.max(0, zone.capacity - zone.booked),
      freeDesks: free.get(zone.zoneId) ?? 0,
    })),
  };
}

/** The id of a user who does not exist, and so has neither bookings nor a desk. */
const ANYBODY = '';

const STATE_OF: Partial<Record<RefusalCode, State>> = { 'desk-taken': 'booked', 'zone-full': 'zone-full' };

/** The state of desks for a user without bookings. `BookingState` decides it, as it decides every booking. */
function judge(office: OfficeAvailability, desks: DeskDay[]): (deskId: string) => State {
  const { locationId, day } = office;
  const bookings = bookingStateOf(office, desks);
  const anybody = { userId: ANYBODY, day, current: null, setBy: 'person' as const };
  return (deskId) => {
    const booking = bookings.book(anybody, locationId, deskId);
    return 'refused' in booking ? (STATE_OF[booking.refused] ?? 'assigned') : 'free';
  };
}

function bookingStateOf(
  { locationId, day, name, releasesDesks, zones }: OfficeAvailability,
  desks: DeskDay[],
): BookingState {
  const zoneOf = new Map(zones.map((zone) => [zone.zoneId, zone]));
  // Written out, because spreading an object thousands of times costs more than the rest of the work.
  const nodeOf = (node: Pick<OfficeNode, 'nodeId' | 'kind' | 'name' | 'zoneId'>): OfficeNode => ({
    nodeId: node.nodeId,
    kind: node.kind,
    name: node.name,
    active: true,
    locationId,
    locationName: name,
    levelId: zoneOf.get(node.zoneId ?? '')?.levelId ?? null,
    zoneId: node.zoneId,
    zoneCapacity: zoneOf.get(node.zoneId ?? '')?.capacity ?? null,
    releasesDesks,
  });
  const nodes = desks.map(({ deskId, deskName, zoneId }) =>
    nodeOf({ nodeId: deskId, kind: 'place', name: deskName, zoneId }),
  );
  const facts = {
    nodes: [nodeOf({ nodeId: locationId, kind: 'location', name, zoneId: null }), ...nodes],
    assignments: desks.flatMap(({ deskId, assignedTo: userId }) =>
      userId === null ? [] : [{ deskId, userId }],
    ),
    deskBookings: desks.flatMap(({ deskId: nodeId, bookedBy: userId }) =>
      userId === null ? [] : [{ nodeId, day, userId }],
    ),
    zoneDays: zones.map(({ zoneId: nodeId, booked }) => ({ nodeId, day, booked })),
  };
  const plans = new Map(
    desks.flatMap(({ assignedTo, ownerHasPlan, ownersLocationId }) =>
      assignedTo !== null && ownerHasPlan ? [[assignedTo, ownersLocationId] as const] : [],
    ),
  );
  return new BookingState(facts, (userId) => plans.get(userId));
}
