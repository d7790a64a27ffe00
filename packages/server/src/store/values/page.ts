/** The rows of a page of a list that is ordered by id. */
export interface PageWindow {
  /** The number of rows of a page. */
  limit: number;
  /** The page begins after this id, in lower case. Null means the first page. */
  after: string | null;
}
