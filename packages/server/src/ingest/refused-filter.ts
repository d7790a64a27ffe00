import { wrongParameter } from '../http/bulk.ts';
import { parseInstant } from '../http/instants.ts';
import type {
  RefusedEventFilter,
  RefusedEventPosition,
  RefusedEventState,
} from '../store/events/refused-event-lists.ts';
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

const POSITION = /^(\d{1,16})-([0-9a-f-]{36})$/;
const CURSOR = /^(\d{1,16}-[0-9a-f-]{36})-(\d{1,16})$/;

/** The position after which the next page begins: milliseconds since the epoch, and the id. */
export function positionOf({ refusedAt, refusalId }: RefusedEventPosition): string {
  return `${refusedAt.getTime()}-${refusalId}`;
}

/** Reads `after` of a list. Throws a 400. */
export function readPosition(after: string | undefined): RefusedEventPosition | undefined {
  if (after === undefined) return undefined;
  const position = parsePosition(after);
  if (!position) throw wrongParameter('after', 'must be `next` of the previous page');
  return position;
}

/** The position and the end of a retry, as text. */
export function cursorText({ after, until }: RetryCursor): string {
  return `${positionOf(after)}-${until.getTime()}`;
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

function parsePosition(text: string): RefusedEventPosition | undefined {
  const [, ms, id = ''] = POSITION.exec(text) ?? [];
  const refusalId = parseGuid(id);
  const refusedAt = new Date(Number(ms));
  return refusalId && !Number.isNaN(refusedAt.getTime()) ? { refusedAt, refusalId } : undefined;
}
