import type { Listing } from '@rollcall/sdk';

/** An entry of a person's action log. */
export type Change = Listing<'GET /v1/manage/users/{userId}/changes'>;
type Plan = NonNullable<NonNullable<Change['plan']>['after']>;
type Booking = NonNullable<NonNullable<Change['booking']>['after']>;
type Known = NonNullable<Change['knownReason']>;

/** Each code of the server has its words: a code without words does not compile. */
const REASONS: Record<Exclude<Known['code'], 'horizon'>, string> = {
  horizonLeave: 'because of leave',
  weekPlan: 'because the week plan changed',
  presenceAtDesk: 'because the person came to the desk',
  provisioning: 'because the identity provider changed the person',
  userDeactivated: 'because the person was deactivated',
  personErased: 'because the person was erased',
  nodeRetiredOrMoved: 'because a place was retired or moved',
  importOfExport: 'from the import of an export',
  importOfUsers: 'from an import of people',
  importOfGroups: 'from an import of groups',
  importOfDeskAssignments: 'from an import of assigned desks',
  importOfAccessCredentials: 'from an import of cards',
  importOfLocations: 'from an import of offices',
  importOfDesks: 'from an import of desks',
  importOfSpaces: 'from an import of rooms',
  importOfWeekPlans: 'from an import of week plans',
  leaveScheduled: 'because leave was scheduled',
  leaveCancelled: 'because leave was cancelled',
};
const LEAVES: Record<NonNullable<Known['leaveType']>, string> = {
  holiday: 'holiday',
  leave: 'leave',
  sick: 'sickness',
};
const SEATS: Record<NonNullable<Known['seat']>, string> = {
  ownDesk: 'at the assigned desk',
  usualDesk: 'at a desk booked before',
  nearGroup: 'near the group',
  office: 'without a seat',
};
const OBSTACLES: Record<NonNullable<Known['obstacle']>, string> = {
  ownDeskBooked: 'the assigned desk was booked by somebody else',
  ownDeskInFullZone: 'the zone of the assigned desk was full',
  ownDeskClosed: 'the assigned desk was retired',
  usualDeskBooked: 'the desk usually taken was booked by somebody else',
  usualDeskAssigned: 'the desk usually taken was assigned to somebody else',
  usualDeskInFullZone: 'the zone of the desk usually taken was full',
  usualDeskClosed: 'the desk usually taken was retired',
};
const AUTHORS: Record<Change['changedBy'], (name: string | null) => string> = {
  user: (name) => (name === null ? 'by the person' : `by ${name}`),
  admin: (name) => (name === null ? 'by an administrator' : `by ${name}`),
  engine: () => 'by the engine',
  integration: (name) => (name === null ? 'by an integration' : `by the integration ${name}`),
};
const PLANS: Record<Plan['plan'], string> = { o: 'office', r: 'remote', a: 'away' };

/**
 * A sentence for an entry of the action log. Entries of other systems keep the description that they came with.
 *
 * @param day the day of the entry, as it is shown
 */
export function changeSentence(change: Change, day: string): string {
  const parts = [`${whatHappened(change)} for ${day} ${AUTHORS[change.changedBy](change.changedByName)}`];
  const why = whyOf(change);
  return `${[...parts, ...(why ? [why] : [])].join(', ')}.`;
}

function whatHappened({ plan, booking, description }: Change): string {
  if (plan) {
    const { before, after } = plan;
    if (before && after) return `Changed the plan from ${planWords(before)} to ${planWords(after)}`;
    if (after) return `Planned ${planWords(after)}`;
    if (before) return `Removed the plan ${planWords(before)}`;
  }
  if (booking) {
    const { before, after } = booking;
    if (before && after) return `Moved the booking from ${nodeWords(before)} to ${nodeWords(after)}`;
    if (after) return `Booked ${nodeWords(after)}`;
    if (before) return `Cancelled the booking of ${nodeWords(before)}`;
  }
  return description;
}

function planWords({ plan, locationName }: Plan): string {
  return plan === 'o' && locationName !== null ? `${PLANS.o} (${locationName})` : PLANS[plan];
}

function nodeWords({ depth, nodeName, nodeId, locationName }: Booking): string {
  const office = locationName ?? nodeName ?? nodeId;
  if (depth === 1) return `the office ${office}`;
  return `${depth === 2 ? 'zone' : 'desk'} ${nodeName ?? nodeId} (${office})`;
}

function whyOf({ category, reason, knownReason }: Change): string | undefined {
  if (!knownReason) return reason === null ? undefined : `with the reason “${reason}”`;
  const { code, leaveType, seat, obstacle } = knownReason;
  if (code !== 'horizon') return leaveType ? `${REASONS[code]} (${LEAVES[leaveType]})` : REASONS[code];
  if (category === 'plan') return 'from the week plan';
  const parts = [seat && SEATS[seat], obstacle && `because ${OBSTACLES[obstacle]}`].filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : undefined;
}
