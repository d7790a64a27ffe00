import { isWriteConflict } from '../store/connections/conflict.ts';
import type { Tx } from '../store/connections/db.ts';
import type { Claims, UpsertResult } from './upsert.ts';

/** Runs `work` so that either all or nothing of what it writes stays. */
export type Atomically = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

export interface BatchOptions<Item> {
  atomically: Atomically;
  claims: Claims;
  /** Stores items, all or none; throws a write conflict where another writer came first. */
  upsert: (tx: Tx, items: Item[]) => Promise<UpsertResult[]>;
  /** What to do about an item that other writers beat again and again: `send the item again`. */
  advice: string;
}

/**
 * Stores a batch of items in one transaction; where another writer came first, once more with fresh look-ups;
 * and where one did again, item by item, each tried twice. Results are in the order of `items`. Throws what
 * `upsert` throws, save write conflicts.
 */
export async function storeBatch<Item>(items: Item[], options: BatchOptions<Item>): Promise<UpsertResult[]> {
  const stored = items.length === 0 ? [] : await tryTwice(items, options);
  if (stored) return stored;
  const refused = `another change to the directory came first, twice; ${options.advice}`;
  const results: UpsertResult[] = [];
  // In order, so that an item can give up a name that a later one takes.
  for (const item of items) results.push(...((await tryTwice([item], options)) ?? [{ refused }]));
  return results;
}

async function tryTwice<Item>(
  items: Item[],
  options: BatchOptions<Item>,
): Promise<UpsertResult[] | undefined> {
  return (await tryOnce(items, options)) ?? (await tryOnce(items, options));
}

/** Undefined, with nothing stored, where another writer came first. */
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
