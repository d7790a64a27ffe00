/** The rows of a page of a list that is ordered by id. */
export interface PageWindow {
  /** The number of rows of a page. */
  limit: number;
  /** The page begins after this id, in lower case. Null means the first page. */
  after: string | null;
}

/** The position of a row in a list that is ordered by time, and by id within one time. */
export interface TimePosition {
  at: Date;
  id: string;
}
