import { isWriteConflict } from '../store/connections/conflict.ts';
import type { Tx } from '../store/connections/db.ts';
import type { Claims, UpsertResult } from './upsert.ts';

/** Runs `work` so that all of its writes stay, or none. */
export type Atomically = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

export interface BatchOptions<Item> {
  atomically: Atomically;
  claims: Claims;
  /** Stores all items or none. Throws a write conflict if another writer came first. */
  upsert: (tx: Tx, items: Item[]) => Promise<UpsertResult[]>;
  /** What the caller can do about an item that conflicted twice, for example `send the item again`. */
  advice: string;
}

/**
 * Stores a batch of items in one transaction. After a write conflict it tries the batch once more, with fresh
 * look-ups. After a second conflict it stores item by item, and tries each item twice. Results are in the order
 * of `items`. Throws what `upsert` throws, except write conflicts.
 */
export async function storeBatch<Item>(items: Item[], options: BatchOptions<Item>): Promise<UpsertResult[]> {
  const stored = items.length === 0 ? [] : await tryTwice(items, options);
  if (stored) return stored;
  const refused = `another change to the directory conflicted twice; ${options.advice}`;
  const results: UpsertResult[] = [];
  // In order: a later item may take a name that an earlier item gives up.
  for (const item of items) results.push(...((await tryTwice([item], options)) ?? [{ refused }]));
  return results;
}

async function tryTwice<Item>(
  items: Item[],
  options: BatchOptions<Item>,
): Promise<UpsertResult[] | undefined> {
  return (await tryOnce(items, options)) ?? (await tryOnce(items, options));
}

/** Undefined, with nothing stored, if another writer came first. */
async function tryOnce<Item>(
  items: Item[],
  { atomically, claims, upsert }: BatchOptions<Item>,
): Promise<UpsertResult[] | undefined> {
  try {
    const results = await atomically((tx) => upsert(tx, items));
    claims.settle();
    return results;
  } catch (error) {
    if (!isWriteConflict(error)) throw error;
    claims.discard();
    return undefined;
  }
}
