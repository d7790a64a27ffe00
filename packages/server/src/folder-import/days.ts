import type { Tx } from '../store/connections/db.ts';
import { listDaysOfPseudonyms } from '../store/privacy/pseudonyms.ts';
import type { PlanKind, PlanSource } from '../store/workday/day-plans.ts';
import { type DayChange, recordDays } from '../workday/plan.ts';
import { needDay, needGuid, needText, type Row, RowFault, text } from './cells.ts';
import type { NodeLoader } from './node-loader.ts';
import { type NodePath, named, pathOf } from './node-path.ts';
import type { ReportingEvidence } from './reporting.ts';
import { type ImportTarget, loadEach, type Outcome, type SourceRow } from './target.ts';

interface RecordedDay {
  /** Undefined for a walk-in, which follows from presence. */
  change: DayChange | undefined;
  paths: NodePath[];
}

/**
 * Loads plans and bookings from the rows of user-booking-attendance. Notes in `evidence` what the rows show about the
 * settings of offices.
 */
export function importAttendance(
  {
    target,
    nodeLoader,
    evidence,
  }: { target: ImportTarget; nodeLoader: NodeLoader; evidence: ReportingEvidence },
  rows: SourceRow[],
): Promise<Outcome[]> {
  const read = ({ row }: SourceRow) => {
    evidence.note(row);
    return readDay(row);
  };
  return loadEach(rows, read, async (days) => {
    await nodeLoader.ensure(days.flatMap(({ paths }) => paths));
    const changes = days.flatMap(({ change }) => change ?? []);
    const outcomes = await target.retrying((tx) => recordNamed(tx, target, changes));
    let next = 0;
    return days.map(({ change }) => (change && outcomes[next++]) ?? { result: 'already' });
  });
}

/**
 * As `record`. A day that is under the pseudonym of its user stays as it is: its own desk is not free, and the office in its place
 * would replace it when the names of the day end again.
 */
async function recordNamed(tx: Tx, target: ImportTarget, changes: DayChange[]): Promise<Outcome[]> {
  const keyOf = ({ userId, day }: { userId: string; day: string }) => `${userId} ${day}`;
  const there = new Set((await listDaysOfPseudonyms(tx, target.tenantId, changes)).map(keyOf));
  const isThere = changes.map((change) => there.has(keyOf(change)));
  const outcomes = await record(
    tx,
    target,
    changes.filter((_, index) => !isThere[index]),
  );
  let next = 0;
  return isThere.map((is): Outcome => (!is && outcomes[next++]) || { result: 'already' });
}

/** Records days in the order of `changes`. Where a desk or zone cannot be booked, it books the office instead. */
async function record(tx: Tx, target: ImportTarget, changes: DayChange[]): Promise<Outcome[]> {
  const { tenantId, author, replaceDays: replace } = target;
  const outcomes = await recordDays(tx, tenantId, changes, { ...author, replace });
  const officeOnly = changes.map((change, index) =>
    outcomes[index] === 'changed' || outcomes[index] === 'unchanged' ? undefined : atOffice(change),
  );
  const again = officeOnly.filter((change) => change !== undefined);
  const instead = await recordDays(tx, tenantId, again, { ...author, replace });
  let next = 0;
  return outcomes.map((outcome, index): Outcome => {
    if (outcome === 'changed') return { result: 'stored' };
    if (outcome === 'unchanged') return { result: 'already' };
    const reason = outcome === 'kept' ? 'The day has another plan here, and keeps it.' : outcome.message;
    const office = officeOnly[index] && instead[next++];
    if (office === 'changed') return { result: 'stored', remark: `The office was booked instead. ${reason}` };
    // An earlier import may have booked the office.
    if (office === 'unchanged') return { result: 'already', remark: 'The office is booked instead.' };
    return { refused: reason };
  });
}

/** The same day with a booking of the office only; undefined where that was the booking. */
function atOffice(change: DayChange): DayChange | undefined {
  const { plan } = change;
  if (plan?.kind !== 'o' || plan.booking?.nodeId === plan.locationId) return undefined;
  return { ...change, plan: { ...plan, booking: { nodeId: plan.locationId } } };
}

function readDay(row: Row): RecordedDay {
  const booking = pathOf(row, 'booking');
  const attended = {
    ...booking,
    level: {},
    zone: {},
    place: {},
    location: named(row, 'location', 'attendance'),
  };
  const paths = [booking, attended];
  const day = { userId: needGuid(row, 'userId'), day: needDay(row, 'day') };
  const kind = needPlan(row);
  const isWalkIn = text(row, 'attendanceType') === 'walkIn';
  if (kind !== 'o') {
    // A walk-in without any plan also has the plan `a`.
    const change = isWalkIn && kind === 'a' ? undefined : { ...day, plan: { kind }, setBy: 'day' as const };
    return { change, paths };
  }
  const isBooked = text(row, 'bookingDepth') !== undefined || booking.location.id !== undefined;
  if (isWalkIn && !isBooked) return { change: undefined, paths };
  const locationId = booking.location.id ?? attended.location.id;
  if (locationId === undefined) throw new RowFault('bookingLocationId is missing');
  const setBy: PlanSource = isWalkIn ? 'presence' : 'day';
  const plan = { kind, locationId, booking: { nodeId: bookedNode(row, booking) ?? locationId } };
  return { change: { ...day, plan, setBy }, paths };
}

/** The desk or zone that is booked. */
function bookedNode(row: Row, { zone, place }: NodePath): string | undefined {
  const depth = text(row, 'bookingDepth') ?? (place.id ? '3' : zone.id ? '2' : '1');
  if (depth === '1') return undefined;
  return depth === '3' ? (place.id ?? zone.id) : zone.id;
}

const PLAN_WORDS: Record<string, PlanKind> = { o: 'o', office: 'o', r: 'r', remote: 'r', a: 'a', away: 'a' };

function needPlan(row: Row): PlanKind {
  const word = needText(row, 'plan');
  const plan = PLAN_WORDS[word.trim().toLowerCase()];
  if (!plan) throw new RowFault(`plan ${JSON.stringify(word.slice(0, 40))} is none of o, r and a`);
  return plan;
}
