export { CONFIG, DOCUMENTED } from '../auth/management.ts';

import { Type } from 'typebox';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import type { Transfers } from '../http/transfers.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import type { TenantWriteQueue } from '../store/connections/tenant-write-queue.ts';
import { listNodesById, type NodeRow } from '../store/directory/nodes.ts';
import { parseGuid } from '../store/values/guid.ts';

export interface FloorDeps {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** A monotonic clock, in milliseconds. */
  stopwatch: () => number;
  /** Shared by all writers of the directory. */
  writeQueue: TenantWriteQueue;
  transfers: Transfers;
}

export const ID = Type.String({ format: 'uuid' });
export const LevelPath = Type.Object({ levelId: Type.String() });

/** The headers of a change for one version only; the answer may be a 412. */
export const IF_MATCH = Type.Object({
  'if-match': Type.Optional(Type.String({ description: 'the ETag of the version that the change is for' })),
});

export const READ_PROBLEMS = problems(400, 401, 403, 404, 503);
export const REMOVE_PROBLEMS = problems(401, 403, 404, 412, 503);

/** The level that a path names, of any status. Throws a 404 if there is none. */
export async function getLevel(tx: Tx, tenantId: string, text: string): Promise<NodeRow> {
  const levelId = parseGuid(text);
  const [level] = await listNodesById(tx, tenantId, levelId === undefined ? [] : [levelId]);
  if (level?.kind !== 'level') throw new HttpProblem(404, 'There is no level with this id.');
  return level;
}
