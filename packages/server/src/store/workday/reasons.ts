import type { LeaveType } from './leaves.ts';

/** The reasons that the server itself gives in the action log, by their codes. Callers may give any other text. */
export const REASONS = {
  horizon: 'Horizon',
  horizonLeave: 'Horizon: leave',
  weekPlan: 'Week plan changed',
  presenceAtDesk: 'Presence at the desk',
  provisioning: 'Provisioning',
  userDeactivated: 'Person deactivated',
  personErased: 'Person erased',
  nodeRetiredOrMoved: 'Place retired or moved',
  importOfExport: 'Import of an export',
  importOfUsers: 'Import of people',
  importOfGroups: 'Import of groups',
  importOfDeskAssignments: 'Import of assigned desks',
  importOfAccessCredentials: 'Import of access credentials',
  importOfLocations: 'Import of locations',
  importOfDesks: 'Import of desks',
  importOfSpaces: 'Import of spaces',
  importOfWeekPlans: 'Import of week plans',
  leaveScheduled: 'Leave scheduled',
  leaveCancelled: 'Leave cancelled',
} as const;
export type ReasonCode = keyof typeof REASONS;
/** The text of a reason of the server. */
export type ServerReason = (typeof REASONS)[ReasonCode];
export const REASON_CODES = Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]];

/** Why the horizon engine chose a seat. */
export const SEATS = {
  ownDesk: 'the assigned desk',
  usualDesk: 'a desk booked before',
  nearGroup: 'near the group',
  office: 'the office without a seat',
} as const;
export type Seat = keyof typeof SEATS;
export const SEAT_CODES = Object.keys(SEATS) as [Seat, ...Seat[]];

/** Why the horizon engine did not choose the first desk that it tried. */
export const OBSTACLES = {
  ownDeskBooked: 'the assigned desk was booked by another user',
  ownDeskInFullZone: 'the assigned desk was in a full zone',
  ownDeskClosed: 'the assigned desk was closed',
  usualDeskBooked: 'the desk usually taken was booked by another user',
  usualDeskAssigned: 'the desk usually taken was assigned to another user',
  usualDeskInFullZone: 'the desk usually taken was in a full zone',
  usualDeskClosed: 'the desk usually taken was closed',
} as const;
export type Obstacle = keyof typeof OBSTACLES;
export const OBSTACLE_CODES = Object.keys(OBSTACLES) as [Obstacle, ...Obstacle[]];

/** A reason of the server, in codes. */
export interface KnownReason {
  code: ReasonCode;
  leaveType?: LeaveType;
  seat?: Seat;
  obstacle?: Obstacle;
}

/** The reason of a leave, as the action log records it. */
export function leaveReason(kind: 'scheduled' | 'cancelled', leaveType: LeaveType | null): string {
  const reason = kind === 'scheduled' ? REASONS.leaveScheduled : REASONS.leaveCancelled;
  return leaveType === null ? reason : `${reason} (${leaveType})`;
}

/** The reason of a seat that the horizon engine chose, as the action log records it. */
export function seatReason(seat: Seat, obstacle?: Obstacle): string {
  const reason = `${REASONS.horizon}: ${SEATS[seat]}`;
  return obstacle ? `${reason}; ${OBSTACLES[obstacle]}` : reason;
}

const CODE_OF = new Map<string, ReasonCode>(REASON_CODES.map((code) => [REASONS[code], code]));
const SEAT_OF = new Map<string, Seat>(SEAT_CODES.map((code) => [SEATS[code], code]));
const OBSTACLE_OF = new Map<string, Obstacle>(OBSTACLE_CODES.map((code) => [OBSTACLES[code], code]));
const CHOICE = new RegExp(`^${REASONS.horizon}: ([^;]*)(?:; (.*))?$`);
const LEAVE = /^(.*) \((holiday|leave|sick)\)$/;

/** The codes of a recorded reason; undefined if it is no reason of the server. */
export function knownReason(reason: string): KnownReason | undefined {
  const [, kind, leaveType] = LEAVE.exec(reason) ?? [];
  if (kind === REASONS.leaveScheduled || kind === REASONS.leaveCancelled) {
    return { code: CODE_OF.get(kind) as ReasonCode, leaveType: leaveType as LeaveType };
  }
  const code = CODE_OF.get(reason);
  if (code !== undefined) return { code };
  const [, seatText = '', obstacleText] = CHOICE.exec(reason) ?? [];
  const seat = SEAT_OF.get(seatText);
  if (seat === undefined) return undefined;
  if (obstacleText === undefined) return { code: 'horizon', seat };
  const obstacle = OBSTACLE_OF.get(obstacleText);
  return obstacle && { code: 'horizon', seat, obstacle };
}
