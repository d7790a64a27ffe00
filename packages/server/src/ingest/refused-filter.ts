import { wrongParameter } from '../http/bulk.ts';
import { parseInstant } from '../http/instants.ts';
import { parsePosition, positionText } from '../http/time-position.ts';
import type { RefusedEventFilter, RefusedEventState } from '../store/events/refused-event-lists.ts';
import { parseGuid } from '../store/values/guid.ts';
import type { FilterQuery } from './refused-schemas.ts';
import type { RetryCursor } from './retry.ts';

/** The filter that query parameters or a body state; by default what is open. Throws a 400. */
export function readFilter({ since, refusalId, state = 'open', ...texts }: FilterQuery): RefusedEventFilter {
  const sinceUs = since === undefined ? undefined : parseInstant(since);
  if (since !== undefined && sinceUs === undefined)
    throw wrongParameter('since', 'must be an ISO 8601 date and time that exists');
  for (const [name, text] of Object.entries(texts)) {
    if (text?.includes('\0')) throw wrongParameter(name, 'must not contain NUL');
  }
  const id = refusalId === undefined ? undefined : parseGuid(refusalId);
  if (refusalId !== undefined && id === undefined) throw wrongParameter('refusalId', 'must be a UUID');
  return {
    // No refusal is older than 1970, and PostgreSQL has no instant before 4713 BC.
    since: sinceUs === undefined ? undefined : new Date(Math.max(0, sinceUs / 1_000)),
    refusalId: id,
    state: state as RefusedEventState,
    ...texts,
  };
}

const CURSOR = /^(\d{1,16}-[0-9a-f-]{36})-(\d{1,16})$/;

/** The position and the end of a retry, as text. */
export function cursorText({ after, until }: RetryCursor): string {
  return `${positionText(after)}-${until.getTime()}`;
}

/** Reads `after` of a retry. Throws a 400. */
export function readCursor(after: string | undefined): RetryCursor | undefined {
  if (after === undefined) return undefined;
  const [, position = '', untilMs] = CURSOR.exec(after) ?? [];
  const parsed = parsePosition(position);
  const until = new Date(Number(untilMs));
  if (!parsed || Number.isNaN(until.getTime()))
    throw wrongParameter('after', 'must be `next` of the previous step');
  return { after: parsed, until };
}
