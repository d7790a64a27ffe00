import { instantArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { type PreparedStatement, runStatement } from '../connections/pipeline.ts';
import type { PresenceEventRow } from './presence-events.ts';

/** Presence at a desk of an office, the location. */
export type DeskPresenceEvent = Pick<
  PresenceEventRow,
  'userId' | 'locationId' | 'observedAtUs' | 'receivedAtMs'
>;

/**
 * Which of `events` are of the day that their office had when they were received, and of people who on that day
 * have no plan, plan to be remote, or plan to be at that office and have booked no desk of it. Where the transaction has
 * entered the organisation; `readDeskPresenceToBook` reads the answer.
 */
export function deskPresenceToBook(
  tenantId: string,
  events: readonly DeskPresenceEvent[],
): PreparedStatement {
  return {
    name: 'desk presence to book',
    text: 'SELECT unbooked_sightings($1, $2, $3, $4, $5)::text',
    values: [
      tenantId,
      uuidArray(events.map(({ userId }) => userId)),
      uuidArray(events.map(({ locationId }) => locationId)),
      instantArray(events.map(({ observedAtUs }) => observedAtUs)),
      instantArray(events.map(({ receivedAtMs }) => receivedAtMs * 1_000)),
    ],
  };
}

/** Those of `events` that the answer is of, by their instants, with the day. */
export function readDeskPresenceToBook<Event>(
  answer: string | undefined,
  events: readonly Event[],
): (Event & { day: string })[] {
  return (JSON.parse(answer ?? '[]') as [position: number, day: string][]).flatMap(([position, day]) => {
    const event = events[position - 1];
    return event ? [{ ...event, day }] : [];
  });
}

/** As `deskPresenceToBook`, among the statements of a transaction. */
export async function listDeskPresenceToBook<Event extends DeskPresenceEvent>(
  tx: Tx,
  tenantId: string,
  events: readonly Event[],
): Promise<(Event & { day: string })[]> {
  return readDeskPresenceToBook(await runStatement(tx, deskPresenceToBook(tenantId, events)), events);
}
