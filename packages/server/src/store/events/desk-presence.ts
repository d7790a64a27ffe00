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
 * Which of `sightings` are of the day that their office had when they were received, and of people who on that day
 * have no plan, plan to be remote, or plan to be at that office and have booked no desk of it. Where the transaction has
 * entered the organisation; `readDeskPresenceToBook` reads the answer.
 */
export function deskPresenceToBook(
  tenantId: string,
  sightings: readonly DeskPresenceEvent[],
): PreparedStatement {
  return {
    name: 'desk presence to book',
    text: 'SELECT unbooked_sightings($1, $2, $3, $4, $5)::text',
    values: [
      tenantId,
      uuidArray(sightings.map(({ userId }) => userId)),
      uuidArray(sightings.map(({ locationId }) => locationId)),
      instantArray(sightings.map(({ observedAtUs }) => observedAtUs)),
      instantArray(sightings.map(({ receivedAtMs }) => receivedAtMs * 1_000)),
    ],
  };
}

/** Those of `sightings` that the answer is of, by their instants, with the day. */
export function readDeskPresenceToBook<Sighting>(
  answer: string | undefined,
  sightings: readonly Sighting[],
): (Sighting & { day: string })[] {
  return (JSON.parse(answer ?? '[]') as [position: number, day: string][]).flatMap(([position, day]) => {
    const sighting = sightings[position - 1];
    return sighting ? [{ ...sighting, day }] : [];
  });
}

/** As `deskPresenceToBook`, among the statements of a transaction. */
export async function listDeskPresenceToBook<Sighting extends DeskPresenceEvent>(
  tx: Tx,
  tenantId: string,
  sightings: readonly Sighting[],
): Promise<(Sighting & { day: string })[]> {
  return readDeskPresenceToBook(await runStatement(tx, deskPresenceToBook(tenantId, sightings)), sightings);
}
