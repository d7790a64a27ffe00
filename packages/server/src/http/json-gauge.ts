import { HttpProblem, malformedBody } from './errors.ts';

/** No valid body of any route is nested deeper than ten levels. */
export const DEEPEST_JSON = 64;
/**
 * The limit of values; the name of a member counts as three. JSON.parse takes 0.04 to 0.2 s of processor time for so
 * many.
 */
export const MOST_JSON_PARTS = 400_000;
/** A name that is new to the process costs some three times as much as a value. */
const PARTS_OF_A_NAME = 3;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** 1 for each byte with a meaning outside of strings. A table is twice as fast as comparisons. */
const COUNTS = new Uint8Array(256);
for (const byte of [QUOTE, COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT]) COUNTS[byte] = 1;

/**
 * Checks JSON while it arrives, in UTF-8 and in pieces: its depth, and its number of names and values. So it bounds the
 * cost of JSON.parse, which then checks the syntax.
 */
export class JsonGauge {
  #depth = 0;
  #parts = 0;
  #isInText = false;
  #isEscaped = false;

  /** Returns the problem in this piece; undefined if there is none. */
  read(piece: Buffer): HttpProblem | undefined {
    let depth = this.#depth;
    let parts = this.#parts;
    let isInText = this.#isInText;
    let isEscaped = this.#isEscaped;
    const end = piece.length;
    for (let at = 0; at < end; at++) {
      if (isInText) {
        if (isEscaped) {
          isEscaped = false;
          continue;
        }
        while (at < end && piece[at] !== QUOTE && piece[at] !== BACKSLASH) at++;
        if (piece[at] === QUOTE) isInText = false;
        else isEscaped = at < end;
        continue;
      }
      while (at < end && COUNTS[piece[at] as number] === 0) at++;
      switch (piece[at]) {
        case QUOTE:
          isInText = true;
          break;
        case OPEN_LIST:
        case OPEN_OBJECT:
          parts++;
          if (++depth > DEEPEST_JSON) return tooDeep();
          break;
        case CLOSE_LIST:
        case CLOSE_OBJECT:
          depth--;
          break;
        case COMMA:
          parts++;
          break;
        case COLON:
          parts += PARTS_OF_A_NAME;
          break;
      }
    }
    this.#depth = depth;
    this.#parts = parts;
    this.#isInText = isInText;
    this.#isEscaped = isEscaped;
    return parts > MOST_JSON_PARTS ? tooMany() : undefined;
  }
}

function tooDeep(): HttpProblem {
  return malformedBody(`The request body is nested more than ${DEEPEST_JSON} levels deep.`);
}

function tooMany(): HttpProblem {
  return new HttpProblem(413, 'The request body has too many names and values; send less per call.');
}
