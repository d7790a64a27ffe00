import type { Atomically } from '../directory/batch.ts';
import { storeBatch } from '../directory/batch.ts';
import { Claims, type UpsertItem, type UpsertResult } from '../directory/upsert.ts';
import type { Tx } from '../store/connections/db.ts';
import type { DayAuthor } from '../workday/plan.ts';
import { type Row, RowFault } from './cells.ts';

/** The organisation that the import writes to, and how. */
export interface ImportTarget {
  tenantId: string;
  /** Runs work in one transaction; a dry run takes a savepoint for one. */
  atomically: Atomically;
  /** As `atomically`, and again where other writers came first. */
  retrying: Atomically;
  /** The author of changes to days that are here already. */
  author: DayAuthor;
  /** IANA name, of offices that do not say theirs. */
  timeZone: string;
  /** Whether days that are planned otherwise here are changed to what the folder has. */
  replaceDays: boolean;
}

/** A row, and where it stands, as reasons say it: `line 3`. */
export interface SourceRow {
  row: Row;
  origin: string;
}

/** What became of a row. A remark says what of it could not be kept. */
export type Outcome = { result: 'stored' | 'already'; remark?: string | undefined } | { refused: string };

/** Loads the rows of a dataset, in batches. Outcomes are in the order of `rows`. */
export type Load = (rows: SourceRow[]) => Promise<Outcome[]>;

/** Reads each row; those that can be are stored together, and those that cannot are refused. In the order of `rows`. */
export async function loadEach<Item>(
  rows: SourceRow[],
  read: (source: SourceRow) => Item,
  store: (items: Item[]) => Promise<Outcome[]>,
): Promise<Outcome[]> {
  const items: Item[] = [];
  const outcomes = rows.map((source): Outcome | undefined => {
    try {
      items.push(read(source));
      return undefined;
    } catch (error) {
      if (error instanceof RowFault) return { refused: error.message };
      throw error;
    }
  });
  const stored = items.length === 0 ? [] : await store(items);
  let next = 0;
  return outcomes.map((outcome) => outcome ?? stored[next++] ?? { refused: 'it was not stored' });
}

type Upsert<Item> = (
  tx: Tx,
  tenantId: string,
  items: Item[],
  author: DayAuthor,
  claims: Claims,
) => Promise<UpsertResult[]>;

/** Stores items of the directory through its own writer. Results are in the order of `items`. */
export function upsertInto<Item extends UpsertItem>(
  { tenantId, atomically, author }: ImportTarget,
  items: Item[],
  upsert: Upsert<Item>,
): Promise<UpsertResult[]> {
  // Of this batch alone: a later file may say again, and anew, what an earlier one said.
  const claims = new Claims();
  return storeBatch(items, {
    atomically,
    claims,
    upsert: (tx, batch) => upsert(tx, tenantId, batch, author, claims),
    advice: 'run the import again',
  });
}

export function outcomeOf(result: UpsertResult): Outcome {
  if ('refused' in result) return { refused: result.refused };
  return { result: result.result === 'unchanged' ? 'already' : 'stored' };
}
