/** How many rows were stored. */
export interface Tally {
  /** Stored now for the first time. */
  isNew: number;
  /** Stored before. */
  known: number;
  /** Stored rows for which the server does not say whether they are new. */
  untold: number;
}

export const NOTHING: Tally = { isNew: 0, known: 0, untold: 0 };

export function plus(a: Tally, b: Tally): Tally {
  return { isNew: a.isNew + b.isNew, known: a.known + b.known, untold: a.untold + b.untold };
}

/** Counts the stored events among results. */
export function tallyOf(results: readonly { resultCode: number; isNew?: boolean }[]): Tally {
  const tally = { ...NOTHING };
  for (const { resultCode, isNew } of results) {
    if (resultCode !== 0) continue;
    if (isNew === undefined) tally.untold++;
    else if (isNew) tally.isNew++;
    else tally.known++;
  }
  return tally;
}
