/** The server takes at most so many words. */
const MOST_WORDS = 5;
/** The longest search that the server takes. */
export const MOST_CHARACTERS = 100;
/** A search waits so long for the next letter. */
export const PAUSE_MS = 200;

/** Whether a search has more words than the server takes. */
export function hasTooManyWords(search: string): boolean {
  return search.split(/\s+/).filter((word) => word !== '').length > MOST_WORDS;
}
