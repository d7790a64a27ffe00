import type { Database } from '../store/connections/db.ts';
import { MergingQueue } from '../store/connections/merging-queue.ts';
import { directoryLookUp, readFound } from '../store/directory/directory-look-up.ts';
import { enterTenantIfVersion, readDirectoryVersion } from '../store/directory/directory-versions.ts';
import { type Identifiers, lookupKeysOf, type Resolved, ResolvedIdentifiers } from './resolve.ts';

interface LookUp {
  tenantId: string;
  mentioned: Identifiers;
}

/** What was found, and the version of the directory that it is of, or an earlier one. */
export interface LookupResult {
  found: Resolved;
  version: string;
}

/** Round trips at a time. */
const READERS = 2;
/** A round trip takes what waits up to so many requests or, a bit more than, so many texts. */
const MERGED = { jobs: 64, weight: 2_000 };

/**
 * Looks up in the database whom and what events mean. Look-ups that wait at the same time go together in one round
 * trip, whatever their organisations; each organisation's are a statement of their own, under row-level security.
 */
export class DirectoryReader {
  readonly #queue: MergingQueue<LookUp, LookupResult>;

  constructor(database: Database) {
    this.#queue = new MergingQueue({
      run: (lookUps) => read(database, lookUps),
      weigh: ({ mentioned }) => Object.values(mentioned).reduce((sum, texts) => sum + texts.length, 0),
      ownerOf: ({ tenantId }) => tenantId,
      most: MERGED,
      concurrency: READERS,
    });
  }

  /** Throws `StoreUnavailableError`. */
  read(tenantId: string, mentioned: Identifiers): Promise<LookupResult> {
    return this.#queue.add({ tenantId, mentioned });
  }
}

async function read(database: Database, lookUps: readonly LookUp[]): Promise<LookupResult[]> {
  const wanted = new Map<string, Identifiers>();
  for (const { tenantId, mentioned } of lookUps) {
    const others = wanted.get(tenantId);
    wanted.set(tenantId, others === undefined ? mentioned : both(others, mentioned));
  }
  const answers = await database.runEventPipeline(
    [...wanted].flatMap(([tenantId, mentioned]) => [
      // First: what is looked up after it is of that version or of a later one.
      enterTenantIfVersion(tenantId, undefined),
      directoryLookUp(tenantId, lookupKeysOf(mentioned)),
    ]),
  );
  const reads = new Map(
    [...wanted.keys()].map((tenantId, index) => {
      const [version, found] = answers.slice(2 * index);
      return [
        tenantId,
        { found: new ResolvedIdentifiers(readFound(found)), version: readDirectoryVersion(version) },
      ];
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
