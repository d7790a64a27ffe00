import { createHash } from 'node:crypto';
import { type Caller, officeIdsOf } from '../auth/guard.ts';
import { HttpProblem } from '../http/errors.ts';
import type { Tx } from '../store/connections/db.ts';
import { listNodeOffices } from '../store/warehouse/node-offices.ts';
import type { ExportQuery } from '../store/warehouse/query.ts';

/**
 * The query as far as its caller may read. A key that is bound to offices reads the rows of these offices. A key with the
 * role `statistics` counts whole offices: anything smaller may be a single person. Throws a 403 if it asks for more.
 */
export async function withinScope(tx: Tx, query: ExportQuery, caller: Caller): Promise<ExportQuery> {
  const isStatistics = caller.kind === 'key' && caller.role === 'statistics';
  if (isStatistics) requireOfficeUnits(query);
  const officeIds = officeIdsOf(caller);
  if (!isStatistics && !officeIds) return query;
  const { tenantId, locationIds } = query;
  const nodes = locationIds && (await listNodeOffices(tx, tenantId, locationIds));
  if (isStatistics && nodes?.some(({ nodeId, locationId }) => nodeId !== locationId))
    throw tooSmall('locationIds may name offices only');
  if (!officeIds) return query;
  const within = nodes?.filter(({ locationId }) => officeIds.has(locationId)).map(({ nodeId }) => nodeId);
  return { ...query, officeIds: [...officeIds], locationIds: within ?? [...officeIds] };
}

/** A digest of the offices that the caller is bound to, for its cursors; undefined for a caller that reads all offices. */
export function scopeOf(caller: Caller): string | undefined {
  const officeIds = officeIdsOf(caller);
  if (!officeIds) return undefined;
  return createHash('sha256')
    .update([...officeIds].toSorted().join())
    .digest('base64url')
    .slice(0, 16);
}

function requireOfficeUnits({ metrics }: ExportQuery): void {
  if (!metrics) throw new Error('A dataset of statistics has the filters of metrics.');
  if (metrics.by !== 'organisation' && metrics.by !== 'location')
    throw tooSmall('by may be organisation or location');
  if (metrics.groupIds) throw tooSmall('groupIds is not for it');
}

function tooSmall(rule: string): HttpProblem {
  return new HttpProblem(
    403,
    `A key with the role statistics counts whole offices, because a smaller unit may be a single person: ${rule}.`,
    { refusal: 'role' },
  );
}
