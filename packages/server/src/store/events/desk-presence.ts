import { instantArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { type PreparedStatement, runStatement } from '../connections/pipeline.ts';
import type { PresenceEventRow } from './presence-events.ts';

/** A presence event at a desk. `locationId` is the desk's office. */
export type DeskPresenceEvent = Pick<
  PresenceEventRow,
  'userId' | 'locationId' | 'observedAtUs' | 'receivedAtMs'
>;

/**
 * The statement that selects the events for which the server books a desk. They meet both conditions:
 *
 * - The event's day is the day that the office had when the server received the event.
 * - On that day the user has no plan, a remote plan, or a plan for that office without a booked desk.
 *
 * The transaction must have entered the organisation. `readDeskPresenceToBook` reads the answer.
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

/** The selected events of `events`, ordered by instant, each with its day. */
export function readDeskPresenceToBook<Event>(
  answer: string | undefined,
  events: readonly Event[],
): (Event & { day: string })[] {
  return (JSON.parse(answer ?? '[]') as [position: number, day: string][]).flatMap(([position, day]) => {
    const event = events[position - 1];
    return event ? [{ ...event, day }] : [];
  });
}

/** Runs `deskPresenceToBook` in a transaction and reads the answer. */
export async function listDeskPresenceToBook<Event extends DeskPresenceEvent>(
  tx: Tx,
  tenantId: string,
  events: readonly Event[],
): Promise<(Event & { day: string })[]> {
  return readDeskPresenceToBook(await runStatement(tx, deskPresenceToBook(tenantId, events)), events);
}
