import { FolderError } from './folder.ts';

const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [...'"\\{}[]'].map(
  (character) => character.charCodeAt(0),
);
const LONGEST_OBJECT_BYTES = 1_048_576;

/** Yields the text of each object of a JSON array, and holds no more than one of them. Throws `FolderError`. */
export async function* splitJsonArray(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (escaped) escaped = false;
      else if (inString) {
        if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (depth === 0 && byte === OPEN_BRACE)
          throw new FolderError('is one JSON object, not an array of them');
        if (depth === 1) start = at;
        depth++;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth--;
        if (depth !== 1) continue;
        yield Buffer.concat([...held, chunk.subarray(start, at + 1)]).toString();
        [held, heldBytes] = [[], 0];
      }
    }
    if (depth <= 1) continue;
    held.push(chunk.subarray(start));
    heldBytes += chunk.length - start;
    if (heldBytes > LONGEST_OBJECT_BYTES) throw new FolderError('has an object of more than 1 MiB');
  }
  if (depth !== 0) throw new FolderError('is incomplete: its array is not closed');
}
