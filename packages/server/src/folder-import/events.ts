import { type InstantUs, parseInstant } from '../http/instants.ts';
import type { EventKind, SubmittedEvent } from '../ingest/batch.ts';
import { type OccupancyEvent, occupancy } from '../ingest/occupancy.ts';
import { type PresenceEvent, presence } from '../ingest/presence.ts';
import { isRefusal } from '../ingest/refusal-causes.ts';
import { type VisitorArrival, visitorArrival } from '../ingest/visitor-arrival.ts';
import type { Tx } from '../store/connections/db.ts';
import { runStatement } from '../store/connections/pipeline.ts';
import { type Resolved, resolvedFrom } from '../store/directory/directory-look-up.ts';
import { listRecordedNodes, listRecordedUsers } from '../store/directory/recorded-subjects.ts';
import type { EventKey } from '../store/events/event-order.ts';
import { listStoredDigests } from '../store/events/stored-events.ts';
import { noteNamesWritten } from '../store/privacy/ended-names.ts';
import { addDays, utcDay } from '../store/values/days.ts';
import { parseGuid } from '../store/values/guid.ts';
import { boolean, needText, number, type Row, text } from './cells.ts';
import type { NodeLoader } from './node-loader.ts';
import { type NodePath, nodeOf, pathOf } from './node-path.ts';
import { type ImportTarget, loadEach, type Outcome, type SourceRow } from './target.ts';

interface Recorded<Event> {
  sourceId: string;
  event: Event;
  path: NodePath;
}

/** A kind of events, and how to read a row of its dataset back as the original event. */
interface RecordedKind<Event extends SubmittedEvent, Stored extends EventKey> {
  kind: EventKind<Event, Stored>;
  read: (row: Row) => Recorded<Event>;
}

/**
 * Loads presence events. They make no bookings, because the export's bookings already include those that presence
 * made.
 */
export function loadPresence(
  target: ImportTarget,
  nodeLoader: NodeLoader,
  rows: SourceRow[],
): Promise<Outcome[]> {
  return loadEvents({ kind: presence, read: readPresence }, { target, nodeLoader, rows });
}

export function loadOccupancy(
  target: ImportTarget,
  nodeLoader: NodeLoader,
  rows: SourceRow[],
): Promise<Outcome[]> {
  return loadEvents({ kind: occupancy, read: readOccupancy }, { target, nodeLoader, rows });
}

/** Loads visitor arrivals. Their dataset names the office only, not the node in it that the visitor came to. */
export function loadVisitors(
  target: ImportTarget,
  nodeLoader: NodeLoader,
  rows: SourceRow[],
): Promise<Outcome[]> {
  return loadEvents({ kind: visitorArrival, read: readVisitor }, { target, nodeLoader, rows });
}

function readPresence(row: Row): Recorded<PresenceEvent> {
  const { kind, nodeId, path } = nodeOf(row);
  const userId = text(row, 'userId');
  // An e-mail address can change; the id stays.
  const who = userId === undefined ? { userEmail: text(row, 'userEmail', 'email') ?? null } : { userId };
  const sourceUserId = text(row, 'sourceUserId') ?? null;
  const event = { ...identityOf(row), locationId: nodeId, locationType: kind, ...who, sourceUserId };
  return { sourceId: sourceOf(row), event, path };
}

function readOccupancy(row: Row): Recorded<OccupancyEvent> {
  const { kind, nodeId, path } = nodeOf(row);
  const values = { occupied: boolean(row, 'occupied') ?? null, occupancy: number(row, 'occupancy') ?? null };
  const event = { ...identityOf(row), locationId: nodeId, locationType: kind, ...values };
  return { sourceId: sourceOf(row), event, path };
}

function readVisitor(row: Row): Recorded<VisitorArrival> {
  const event = {
    ...identityOf(row),
    locationId: needText(row, 'locationId'),
    visitorName: needText(row, 'visitorName'),
    visitorEmail: text(row, 'visitorEmail') ?? null,
    visitorCompany: text(row, 'visitorCompany') ?? null,
    hostUserId: text(row, 'hostUserId') ?? null,
  };
  return { sourceId: sourceOf(row), event, path: pathOf(row) };
}

/** An eventId may be empty: it serves to correlate events, and is not a key. */
function identityOf(row: Row): { eventId: string; timestamp: string } {
  return { eventId: text(row, 'eventId') ?? '', timestamp: needText(row, 'timestamp', 'eventTime') };
}

function sourceOf(row: Row): string {
  return text(row, 'sourceId') ?? '';
}

async function loadEvents<Event extends SubmittedEvent, Stored extends EventKey>(
  { kind, read }: RecordedKind<Event, Stored>,
  { target, nodeLoader, rows }: { target: ImportTarget; nodeLoader: NodeLoader; rows: SourceRow[] },
): Promise<Outcome[]> {
  const { tenantId, author, retrying } = target;
  return loadEach(
    rows,
    ({ row }) => read(row),
    async (recorded) => {
      await nodeLoader.ensure(recorded.map(({ path }) => path));
      return retrying(async (tx) => {
        const resolved = await resolveRecorded(
          tx,
          tenantId,
          recorded.map(({ event }) => kind.identifiers(event)),
        );
        const receivedAtMs = author.at.getTime();
        const outcomes = recorded.map(({ event, sourceId }): { stored: Stored } | { refused: string } => {
          const instantUs = parseInstant(event.timestamp);
          const fault = kind.fault({ event, sourceId, nowMs: receivedAtMs, observedAtUs: instantUs });
          if (fault !== undefined) return { refused: fault.message };
          // An event without a fault has an instant.
          const observedAtUs = instantUs as InstantUs;
          const context = { sourceId, observedAtUs, receivedAtMs, resolved, officeIds: undefined };
          const stored = kind.classify(event, context);
          return isRefusal(stored) ? { refused: stored.message } : { stored };
        });
        const sound = outcomes.flatMap((outcome) => ('stored' in outcome ? [outcome.stored] : []));
        const there = await listStoredDigests(tx, tenantId, kind.table, sound);
        await runStatement(tx, kind.insert(tenantId, sound));
        // The day at the office may be the one before.
        const days = sound.map(({ observedAtUs }) => addDays(utcDay(observedAtUs / 1_000), -1));
        await noteNamesWritten(tx, tenantId, days, author.at);
        return outcomes.map((outcome): Outcome => {
          if ('refused' in outcome) return outcome;
          const { eventDigest } = outcome.stored;
          if (there.has(eventDigest)) return { result: 'already' };
          there.add(eventDigest);
          return { result: 'stored' };
        });
      });
    },
  );
}

/** Resolves the users and nodes that events name, including those that are inactive by now. */
async function resolveRecorded(
  tx: Tx,
  tenantId: string,
  identifiers: { userIds?: string[]; names?: string[]; nodeIds?: string[] }[],
): Promise<Resolved> {
  const all = (member: keyof (typeof identifiers)[number]) => [
    ...new Set(identifiers.flatMap((each) => each[member] ?? [])),
  ];
  const guids = (texts: string[]) => texts.flatMap((each) => parseGuid(each) ?? []);
  const users = await listRecordedUsers(tx, tenantId, guids(all('userIds')), all('names'));
  const nodes = await listRecordedNodes(tx, tenantId, guids(all('nodeIds')));
  return resolvedFrom({ users, nodes });
}
