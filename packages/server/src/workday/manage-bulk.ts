import { type Static, Type } from 'typebox';
import { BulkReply, BulkResult } from '../http/bulk.ts';
import type { Database } from '../store/connections/db.ts';
import { REQUEST_REFUSALS, type RequestOutcome, type RequestRefusal } from './day-requests.ts';
import { resolveUsers, type UserReference } from './user-references.ts';

export const ManagedResult = Type.Object({
  ...BulkResult.properties,
  id: Type.Union([Type.String(), Type.Null()], {
    description: 'the id of the user; null if the item was refused',
  }),
  reason: Type.Optional(
    Type.Enum(REQUEST_REFUSALS, { description: 'the reason of a refusal, for programs' }),
  ),
});
export type ManagedResult = Static<typeof ManagedResult>;

/** One result for each item, in the order of the request. */
export const ManagedReply = Type.Object({ ...BulkReply.properties, results: Type.Array(ManagedResult) });

/**
 * Writes items, each for the user whom it names. `read` turns an item into a request of the model. `write` applies
 * the requests in order and returns an outcome for each. Results are in the order of `items`.
 */
export async function writeItems<Item extends UserReference, Request extends object>(
  database: Database,
  tenantId: string,
  items: Item[],
  {
    read,
    write,
  }: {
    read(item: NoInfer<Item>): Request | RequestRefusal;
    write(requests: (Request & { userId: string })[]): Promise<RequestOutcome[]>;
  },
): Promise<ManagedResult[]> {
  const people = await database.inTenant(tenantId, (tx) => resolveUsers(tx, tenantId, items));
  const accepted: (Request & { userId: string })[] = [];
  const judged = people.map((person, n): number | RequestRefusal => {
    if ('refused' in person) return person;
    const request = read(items[n] as Item);
    if ('refused' in request) return request;
    return accepted.push({ ...request, userId: person.userId }) - 1;
  });
  const outcomes = await write(accepted);
  return judged.map((each) => {
    if (typeof each === 'object') return refused(each);
    const [request, outcome] = [accepted[each], outcomes[each]];
    if (!request || !outcome) throw new Error('An item has no outcome.');
    if (typeof outcome === 'object') return refused(outcome);
    return { id: request.userId, result: RESULT[outcome], message: 'Success' };
  });
}

const RESULT = { changed: 'updated', unchanged: 'unchanged' } as const;

function refused({ refused: reason, message }: RequestRefusal): ManagedResult {
  return { id: null, result: 'refused', message, reason };
}
