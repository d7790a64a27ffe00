import type { Database } from '../connections/db.ts';
import { MergingQueue } from '../connections/merging-queue.ts';
import type { DatabaseSnapshot } from './snapshots.ts';

type Position = Pick<DatabaseSnapshot, 'runId' | 'lsn'>;

/** How many answers share one transaction at most. */
const MOST_MERGED = 1_000;

/** All answers of a server share its queue, so that many at once cost one commit. */
const queues = new WeakMap<Database, MergingQueue<Position, boolean>>();

/**
 * Commits the position of a snapshot on the primary, which proves later that all that the snapshot has seen is still there. To be awaited
 * before the snapshot leaves the server. Resolves to false where the run of the snapshot is not the current one of the primary: then
 * its transactions may be gone. Throws `StoreUnavailableError`.
 */
export function keepPosition(database: Database, { runId, lsn }: Position): Promise<boolean> {
  let queue = queues.get(database);
  if (!queue) {
    queue = new MergingQueue<Position, boolean>({
      run: (positions) => keepAll(database, positions),
      weigh: () => 1,
      most: { jobs: MOST_MERGED, weight: MOST_MERGED },
      concurrency: 1,
    });
    queues.set(database, queue);
  }
  return queue.add({ runId, lsn });
}

async function keepAll(database: Database, positions: readonly Position[]): Promise<boolean[]> {
  const greatest = new Map<string, string>();
  for (const { runId, lsn } of positions) {
    const known = greatest.get(runId);
    if (known === undefined || bytesOf(lsn) > bytesOf(known)) greatest.set(runId, lsn);
  }
  const runIds = [...greatest.keys()];
  const results = await database.runSystemPipeline(
    runIds.map((runId) => ({
      name: 'keep position',
      text: 'SELECT keep_position($1::uuid, $2::pg_lsn)',
      values: [runId, greatest.get(runId) ?? null],
    })),
  );
  const kept = new Map(runIds.map((runId, index) => [runId, results[index] === 't']));
  return positions.map(({ runId }) => kept.get(runId) ?? false);
}

/** A position as a number of bytes since the beginning of the WAL. */
function bytesOf(lsn: string): bigint {
  const [high = '', low = ''] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
