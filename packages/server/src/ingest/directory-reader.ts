import type { Monitor } from '../http/monitoring/monitor.ts';
import type { Database } from '../store/connections/db.ts';
import { MergingQueue } from '../store/connections/merging-queue.ts';
import {
  directoryLookUp,
  type Identifiers,
  type Resolved,
  readResolved,
} from '../store/directory/directory-look-up.ts';
import { enterTenantIfVersion, readDirectoryVersion } from '../store/directory/directory-versions.ts';

interface LookUp {
  tenantId: string;
  identifiers: Identifiers;
}

/**
 * The users and nodes that identifiers stand for. `version` is the directory version of the look-up, or an earlier
 * one.
 */
export interface LookupResult {
  resolved: Resolved;
  version: string;
}

/** Round trips at the same time. */
const READERS = 2;
/** One round trip takes up to this many waiting requests or, with the last one, a bit more than this many texts. */
const MERGED = { jobs: 64, weight: 2_000 };

/**
 * Looks up in the database the users and nodes that events name. Look-ups that wait at the same time share one round
 * trip, also those of different organisations. Each organisation has a statement of its own, under row-level
 * security.
 */
export class DirectoryReader {
  readonly #queue: MergingQueue<LookUp, LookupResult>;

  constructor(database: Database, monitor?: Pick<Monitor, 'noteMerge'>) {
    this.#queue = new MergingQueue({
      run: (lookUps) => read(database, lookUps),
      weigh: ({ identifiers }) => Object.values(identifiers).reduce((sum, texts) => sum + texts.length, 0),
      ownerOf: ({ tenantId }) => tenantId,
      most: MERGED,
      concurrency: READERS,
      onRun: monitor && ((waitsMs) => monitor.noteMerge('directory', waitsMs)),
    });
  }

  /** Resolves identifiers of one organisation. Throws `StoreUnavailableError`. */
  read(tenantId: string, identifiers: Identifiers): Promise<LookupResult> {
    return this.#queue.add({ tenantId, identifiers });
  }
}

async function read(database: Database, lookUps: readonly LookUp[]): Promise<LookupResult[]> {
  const wanted = new Map<string, Identifiers>();
  for (const { tenantId, identifiers } of lookUps) {
    const others = wanted.get(tenantId);
    wanted.set(tenantId, others === undefined ? identifiers : both(others, identifiers));
  }
  const answers = await database.runEventPipeline(
    [...wanted].flatMap(([tenantId, identifiers]) => [
      // The version comes first, so the look-up after it reads that version or a later one.
      enterTenantIfVersion(tenantId, undefined),
      directoryLookUp(tenantId, identifiers),
    ]),
  );
  const reads = new Map(
    [...wanted.keys()].map((tenantId, index) => {
      const [version, resolved] = answers.slice(2 * index);
      return [tenantId, { resolved: readResolved(resolved), version: readDirectoryVersion(version) }];
    }),
  );
  return lookUps.map(({ tenantId }) => reads.get(tenantId) as LookupResult);
}

function both(some: Identifiers, others: Identifiers): Identifiers {
  return {
    userIds: some.userIds.concat(others.userIds),
    names: some.names.concat(others.names),
    namesInAnyCase: some.namesInAnyCase.concat(others.namesInAnyCase),
    cards: some.cards.concat(others.cards),
    nodeIds: some.nodeIds.concat(others.nodeIds),
  };
}
