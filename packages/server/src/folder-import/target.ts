import type { Atomically } from '../directory/batch.ts';
import { storeBatch } from '../directory/batch.ts';
import { Claims, type UpsertItem, type UpsertResult } from '../directory/upsert.ts';
import type { Tx } from '../store/connections/db.ts';
import type { DayAuthor } from '../workday/plan.ts';
import { type Row, RowFault } from './cells.ts';

/** The organisation that the import writes to, and the settings of the import. */
export interface ImportTarget {
  tenantId: string;
  /** Runs work in one transaction. A dry run uses a savepoint instead. */
  atomically: Atomically;
  /** As `atomically`, and runs the work again after a write conflict. */
  retrying: Atomically;
  /** The author of changes to days that exist already. */
  author: DayAuthor;
  /** IANA name of the time zone for offices whose rows do not state one. */
  timeZone: string;
  /** Whether the folder's plan replaces a different plan that a day has here. */
  replaceDays: boolean;
}

/** A row and its origin, as messages say it: `line 3`. */
export interface SourceRow {
  row: Row;
  origin: string;
}

/** The result of a row. A remark names the parts of the row that could not be kept. */
export type Outcome = { result: 'stored' | 'already'; remark?: string | undefined } | { refused: string };

/** Loads the rows of a dataset, in batches. Outcomes are in the order of `rows`. */
export type Load = (rows: SourceRow[]) => Promise<Outcome[]>;

/** Reads each row. Stores the readable rows together, and refuses the others. Outcomes are in the order of `rows`. */
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

/** Stores items of the directory through the writer of their kind. Results are in the order of `items`. */
export function upsertInto<Item extends UpsertItem>(
  { tenantId, atomically, author }: ImportTarget,
  items: Item[],
  upsert: Upsert<Item>,
): Promise<UpsertResult[]> {
  // The claims are for this batch only: a later file may repeat or change the content of an earlier one.
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
