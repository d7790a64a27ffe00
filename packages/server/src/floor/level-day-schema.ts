import { type Static, Type } from 'typebox';
import { OrNull } from '../http/schema.ts';
import { ID } from './common.ts';
import { PERSON_STATES } from './person-states.ts';

export const DESK_STATES = ['free', ...PERSON_STATES] as const;
export const SPACE_STATES = ['inUse', 'free', 'unknown'] as const;

const Instant = Type.String({ format: 'date-time' });
const count = (description: string) => Type.Integer({ minimum: 0, description });

const Person = Type.Object({
  userId: ID,
  name: Type.String({ description: 'first and last name, else the userName' }),
  state: Type.Enum(PERSON_STATES, {
    description:
      'how the user stands to the node. booked: the day is not decided yet; here: booked and detected, there or at the ' +
      'office without a desk; elsewhere: detected at another desk than booked, said of both; noShow, unconfirmed, walkIn: ' +
      'as in user-booking-attendance',
  }),
  bookedNodeId: OrNull(ID, 'the booking of the day, also at another office'),
  bookedName: OrNull(Type.String(), 'its name'),
  detectedNodeId: OrNull(ID, 'where the user was detected: at this node, else last at a desk, else last'),
  detectedName: OrNull(Type.String(), 'its name'),
  firstSeenAt: OrNull(Instant, 'the first detection of the day at the office'),
  lastSeenAt: OrNull(Instant, 'the last one'),
});
export type LevelPersonView = Static<typeof Person>;

const Item = Type.Object({
  nodeId: ID,
  kind: Type.Enum(['place', 'space', 'zone'], { description: '`place` is a desk' }),
  name: Type.String(),
  zoneId: OrNull(ID, 'the zone of a desk, and a zone itself; null for a space'),
  state: Type.String({
    enum: [...new Set([...DESK_STATES, ...SPACE_STATES])],
    description:
      'of a desk or zone: free, or the state of its users that comes first in the order here, walkIn, elsewhere, booked, ' +
      'noShow, unconfirmed; users at the desks of a zone are users of the zone. Of a space: inUse or free by the last occupancy event of the day, unknown without one',
  }),
  people: Type.Array(Person, {
    description: 'users who are booked or were detected at exactly this node, by name',
  }),
  owner: Type.Optional(
    OrNull(
      Type.Object({ userId: ID, name: Type.String() }),
      'of a desk: the active user to whom it is assigned',
    ),
  ),
  capacity: Type.Optional(OrNull(Type.Integer(), 'of a space or zone: the number of people; null: not set')),
  booked: Type.Optional(count('of a zone: users who are booked in it or at its desks')),
  here: Type.Optional(
    count('of a zone: users who were detected in it or at its desks, or are here by their booking'),
  ),
  spaceType: Type.Optional(OrNull(Type.String(), 'of a space')),
  occupancy: Type.Optional(
    OrNull(
      Type.Object({
        occupied: Type.Boolean(),
        occupancy: OrNull(Type.Number(), 'the number of people, if known'),
        observedAt: Instant,
      }),
      'of a space: the last occupancy event of the day',
    ),
  ),
});
export type LevelItem = Static<typeof Item>;

export const LevelDay = Type.Object({
  levelId: ID,
  levelName: Type.String(),
  locationId: ID,
  locationName: Type.String(),
  date: Type.String({ format: 'date' }),
  timeZone: Type.String({ description: "the office's; the date is one of this zone" }),
  asOf: Type.String({ format: 'date-time', description: 'when the server read this' }),
  isOver: Type.Boolean({ description: 'the day has ended at the office' }),
  items: Type.Array(Item, {
    description: 'the desks, spaces and zones in use, placed or not, by kind and name',
  }),
  others: Type.Array(Person, {
    description:
      'users of the level who stand to none of the items: at the level itself, or at a retired node',
  }),
  counts: Type.Object(
    Object.fromEntries(DESK_STATES.map((state) => [state, count('desks in this state')])) as Record<
      (typeof DESK_STATES)[number],
      ReturnType<typeof count>
    >,
  ),
  attendance: Type.Object(
    {
      open: count('planned, on a day that is not decided yet'),
      confirmed: count('planned and detected'),
      noShow: count('planned and not detected'),
      unconfirmed: count('planned, on a day without presence reporting'),
      walkIn: count('detected on the level, and not planned'),
    },
    {
      description:
        'users: as many as user-booking-attendance has rows with a booking on the level, and walk-ins who were detected on it',
    },
  ),
});
export type LevelDay = Static<typeof LevelDay>;
