import type { Claims, Refused, UpsertItem, UpsertResult } from '../directory/upsert.ts';
import type { Tx } from '../store/connections/db.ts';
import type { ServerReason } from '../store/workday/reasons.ts';
import type { DayAuthor } from '../workday/plan.ts';
import type { CsvColumns } from './columns.ts';

/** A kind of file, with the writer of its rows. `Item` has a member for each column. */
export interface CsvKind<Item extends UpsertItem> extends CsvColumns<Exclude<keyof Item & string, 'origin'>> {
  /** The word for what a row describes, in texts for people. */
  word: string;
  /** The reason of changes of days in the action log. Absent: rows change no days. */
  reason?: ServerReason;
  /** The number of rows that one transaction stores. */
  batchRows: number;
  /** The name in an item. */
  nameOf: (item: Item) => string | undefined;
  /** Stores items, like `upsertLocations` of the directory. */
  upsert: (
    tx: Tx,
    tenantId: string,
    items: Item[],
    author: DayAuthor,
    claims: Claims,
  ) => Promise<UpsertResult[]>;
}

export const BATCH_ROWS = 1_000;
export const STATUS = 'active or inactive; default for a new item: active';

/** The ids in examples, so that the examples of the kinds fit together. */
export const EXAMPLE_ID = {
  location: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c01',
  level: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c02',
  zone: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c03',
  desk: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c04',
  space: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c05',
  user: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c06',
  group: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c07',
} as const;

/** Stores the drafts that are not refused. Results are in the order of `drafts`. */
export async function storeDrafts<Draft extends object>(
  drafts: (Draft | Refused)[],
  store: (accepted: Draft[]) => Promise<UpsertResult[]>,
): Promise<UpsertResult[]> {
  const accepted = drafts.filter((draft): draft is Draft => !('refused' in draft));
  const results = await store(accepted);
  const resultOf = new Map(accepted.map((draft, index) => [draft, results[index]]));
  return drafts.map((draft) =>
    'refused' in draft ? draft : (resultOf.get(draft) ?? { refused: 'it was not stored' }),
  );
}
