import type { Detection, LevelNode, LevelPersonRow } from '../store/floor/level-day.ts';
import type { AttendanceType } from '../workday/attendance.ts';

export const PERSON_STATES = ['here', 'walkIn', 'elsewhere', 'booked', 'noShow', 'unconfirmed'] as const;
/** How a user stands to a node on a day. The earlier of the list counts where several users stand to one node. */
export type PersonState = (typeof PERSON_STATES)[number];

/** A user on the day of a level. */
export interface LevelPerson extends LevelPersonRow {
  /** The attendance at the office, as exports have it. */
  type: AttendanceType | null;
}

/**
 * How a user stands to a node; undefined if the user has nothing to do with it. The attendance at the office decides
 * whether the user came. The nodes of booking and detection only decide where the user stands.
 */
export function stateAt(person: LevelPerson, node: LevelNode): PersonState | undefined {
  const isDetected = person.detections.some(({ nodeId }) => nodeId === node.nodeId);
  if (person.isPlannedHere && person.bookedNodeId === node.nodeId) {
    if (person.type !== 'confirmed') return person.type ?? 'booked';
    return !isDetected && isAtDeskOutside(person, node) ? 'elsewhere' : 'here';
  }
  if (!isDetected) return undefined;
  if (person.type === 'walkIn') return 'walkIn';
  return node.kind === 'place' && isBookedOutside(person, node) ? 'elsewhere' : 'here';
}

/** The node at which a person stands who has to do with `node`: the node itself, else a desk, else any. */
export function detectedAt({ detections }: LevelPerson, node: LevelNode): Detection | undefined {
  return (
    detections.find(({ nodeId }) => nodeId === node.nodeId) ??
    detections.find(({ kind }) => kind === 'place') ??
    detections[0]
  );
}

/** Whether the user was detected at desks, and at none of the node. */
function isAtDeskOutside({ detections }: LevelPerson, node: LevelNode): boolean {
  const desks = detections.filter(({ kind }) => kind === 'place');
  return desks.length > 0 && !desks.some(({ zoneId }) => node.kind === 'zone' && zoneId === node.nodeId);
}

/** Whether the booking is another desk, or a zone without this desk. */
function isBookedOutside({ bookedKind, bookedNodeId }: LevelPerson, desk: LevelNode): boolean {
  return bookedKind === 'place' || (bookedKind === 'zone' && bookedNodeId !== desk.zoneId);
}
