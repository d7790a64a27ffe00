export { authorOf, CONFIG, DOCUMENTED } from '../../auth/management.ts';

import { type Static, Type } from 'typebox';
import { type BulkReply, wrongParameter } from '../../http/bulk.ts';
import { HttpProblem } from '../../http/errors.ts';
import { problems } from '../../http/schema.ts';
import type { Transfers } from '../../http/transfers.ts';
import type { Database } from '../../store/connections/db.ts';
import type { TenantWriteQueue } from '../../store/connections/tenant-write-queue.ts';
import { parseGuid } from '../../store/values/guid.ts';
import type { Refused, UpsertResult } from '../upsert.ts';

export interface ManageDeps {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** Shared by all writers of the directory. */
  writeQueue: TenantWriteQueue;
  transfers: Transfers;
}

export const LIST_PROBLEMS = problems(400, 401, 403, 503);
export const READ_PROBLEMS = problems(400, 401, 403, 404, 503);
export const WRITE_PROBLEMS = problems(400, 401, 403, 404, 409, 413, 415, 503);
export const PATCH_PROBLEMS = { ...WRITE_PROBLEMS, ...problems(412) };
export const BULK_PROBLEMS = problems(400, 401, 403, 413, 415, 503);

/** The headers of a change for one version only; the answer may be a 412. */
export const IF_MATCH = Type.Object({
  'if-match': Type.Optional(Type.String({ description: 'the ETag of the row that the change is for' })),
});

/** The answer to a bulk call. */
/** How many items created or changed something. */
export function changesIn(results: readonly UpsertResult[]): number {
  return results.filter((each) => !('refused' in each) && each.result !== 'unchanged').length;
}

export function bulkReply(results: UpsertResult[], { clock }: ManageDeps): Static<typeof BulkReply> {
  return {
    timestamp: new Date(clock()).toISOString(),
    results: results.map((result) =>
      'refused' in result
        ? { id: null, result: 'refused', message: result.refused }
        : { ...result, message: 'Success' },
    ),
  };
}

/** Throws a 409 or a 400 if the only item of a call was refused. */
export function onlyResult([result]: UpsertResult[]): void {
  if (result && 'refused' in result) throw refusalProblem(result);
}

function refusalProblem({ refused, conflict }: Refused): HttpProblem {
  return new HttpProblem(conflict ? 409 : 400, `Nothing was changed: ${refused}.`);
}

/** 404 for a path whose id belongs to nothing; `thing` is the word for it, for example `desk`. */
export function notFoundProblem(thing: string): HttpProblem {
  return new HttpProblem(404, `There is no ${thing} with this id.`);
}

/** An id to filter by: undefined if none is given, null if the text is not a GUID, which then matches nothing. */
export function idFilter(text: string | undefined): string | null | undefined {
  return text === undefined ? undefined : (parseGuid(text) ?? null);
}

/** A status to filter by. Throws a 400 if the text is neither `active` nor `inactive`. */
export function statusFilter(text: string | undefined): string | undefined {
  if (text === undefined || text === 'active' || text === 'inactive') return text;
  throw wrongParameter('status', 'must be active or inactive');
}
