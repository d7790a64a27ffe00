/** Which rows of a list, in the order of their ids, a page has. */
export interface PageWindow {
  /** Rows a page. */
  limit: number;
  /** The id, in lower case, after which the page begins; null: the first page. */
  after: string | null;
}
