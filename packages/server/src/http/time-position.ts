import { parseGuid } from '../store/values/guid.ts';
import type { TimePosition } from '../store/values/page.ts';
import { wrongParameter } from './bulk.ts';

const POSITION = /^(\d{1,16})-([0-9a-f-]{36})$/;

/** A position as text: milliseconds since the epoch, and the id. */
export function positionText({ at, id }: TimePosition): string {
  return `${at.getTime()}-${id}`;
}

/** Reads the text of a position. Undefined if it is none. */
export function parsePosition(text: string): TimePosition | undefined {
  const [, ms, guid = ''] = POSITION.exec(text) ?? [];
  const id = parseGuid(guid);
  const at = new Date(Number(ms));
  return id && !Number.isNaN(at.getTime()) ? { at, id } : undefined;
}

/** Reads `after` of a list in order of time. Throws a 400. */
export function readPosition(after: string | undefined): TimePosition | undefined {
  if (after === undefined) return undefined;
  const position = parsePosition(after);
  if (!position) throw wrongParameter('after', 'must be `next` of the previous page');
  return position;
}
