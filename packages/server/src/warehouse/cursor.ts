import { wrongParameter } from '../http/bulk.ts';
import { HttpProblem } from '../http/errors.ts';
import { parseDay } from '../http/window.ts';
import { parseGuid } from '../store/values/guid.ts';
import type { Order, PositionType } from '../store/warehouse/dataset-rows.ts';
import type { Changes } from '../store/warehouse/query.ts';
import { type EarlierSnapshot, xidsOf } from '../store/warehouse/snapshots.ts';
import { CHANGES_KEPT_DAYS } from './attendance-retention.ts';

/** A parsed `Rollcall-Cursor`: the snapshot of an answer, and the time by which it decided which days had ended. */
export interface Cursor extends EarlierSnapshot, Changes {
  /** Of a key that is bound to offices, a digest of these (`scopeOf`). */
  scope?: string | undefined;
}

/** A cursor as text. It is opaque to clients. It gives no access to further data, so it is not signed. */
export function encodeCursor({ database, runId, snapshot, at, scope, lsn }: Cursor): string {
  const parts = [database, runId, snapshot, at.getTime()];
  // Without a position, as earlier releases wrote it.
  if (lsn === undefined) return encode(scope === undefined ? parts : [...parts, scope]);
  return encode([...parts, scope ?? null, lsn]);
}

/** Throws a 400 that names the parameter if the text is not a cursor. */
export function decodeCursor(text: string, parameter: string): Cursor {
  const cursor = parseCursor(decode(text));
  if (!cursor) throw wrongParameter(parameter, 'must be the Rollcall-Cursor of an earlier answer');
  return cursor;
}

/** The 410 for a cursor since which the server cannot determine the changes. */
export function foreignCursor(): HttpProblem {
  return new HttpProblem(
    410,
    'The cursor belongs to another database, or has seen changes that a restore, move or failover of this one has lost. ' +
      'Load the whole dataset again, and continue with the cursor of that answer.',
  );
}

/** The 410 for a cursor since which the server no longer keeps all changes. */
export function expiredCursor(): HttpProblem {
  return new HttpProblem(
    410,
    `The cursor is older than ${CHANGES_KEPT_DAYS} days, for which the server keeps the keys of deleted rows. ` +
      'Load the whole dataset again, and continue with the cursor of that answer.',
  );
}

/** The 410 for a cursor of a caller that was bound to other offices: its increments have no older rows of new offices. */
export function otherOffices(): HttpProblem {
  return new HttpProblem(
    410,
    'The cursor belongs to a caller with other offices. Load the whole dataset again, and continue with the cursor of that answer.',
  );
}

/** The start of a page: the position of the last row before it, and the cursor of the first page, which all share. */
export interface PageStart {
  cursor: Cursor;
  after: string[];
}

export function encodePageStart({ cursor, after }: PageStart): string {
  return encode([encodeCursor(cursor), ...after]);
}

/** Throws a 400 if the text is not from the `Link` of a page of a dataset with this order. */
export function decodePageStart(text: string, order: Order): PageStart {
  const [cursorText, ...after] = decode(text);
  const cursor = typeof cursorText === 'string' ? parseCursor(decode(cursorText)) : undefined;
  const isPosition = order.every(([, type], index) => IS_POSITION[type](after[index]));
  if (!cursor || !isPosition || after.length !== order.length) {
    throw wrongParameter('after', 'must come from the Link of the previous page');
  }
  return { cursor, after: after as string[] };
}

const INSTANT = /^(\S+) (?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d{1,6})?\+00$/;
const isText = (value: unknown): value is string => typeof value === 'string';
const isDay = (value: unknown) => isText(value) && parseDay(value) === value;
const isGuid = (value: unknown) => isText(value) && parseGuid(value) === value;

/** Whether a value has the text form in which PostgreSQL writes the type. */
const IS_POSITION: Record<PositionType, (value: unknown) => boolean> = {
  date: isDay,
  uuid: isGuid,
  'uuid?': (value) => value === '' || isGuid(value),
  timestamptz: (value) => isText(value) && isDay(INSTANT.exec(value)?.[1]),
};

const SNAPSHOT = /^[1-9]\d{0,18}:[1-9]\d{0,18}:(?:\d{1,19}(?:,\d{1,19})*)?$/;
const LSN = /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/;
const EARLIEST_MS = Date.UTC(2000);
const LATEST_MS = Date.UTC(2200);

function parseCursor([database, runId, snapshot, atMs, scope, lsn, ...more]: unknown[]): Cursor | undefined {
  const isCursor =
    isText(database) &&
    isText(runId) &&
    isGuid(runId) &&
    isText(snapshot) &&
    isSnapshot(snapshot) &&
    Number.isInteger(atMs) &&
    (atMs as number) >= EARLIEST_MS &&
    (atMs as number) < LATEST_MS &&
    isScope(scope, lsn) &&
    more.length === 0;
  if (!isCursor) return undefined;
  const parts = { database, runId, snapshot, at: new Date(atMs as number), scope: scope ?? undefined };
  return lsn === undefined ? parts : { ...parts, lsn: lsn as string };
}

/** Whether the parts after the moment are a scope and a position. Earlier releases leave both out, or the position. */
function isScope(scope: unknown, lsn: unknown): scope is string | null | undefined {
  if (lsn === undefined) return scope === undefined || isText(scope);
  return isText(lsn) && LSN.test(lsn) && (scope === null || isText(scope));
}

/** PostgreSQL accepts a snapshot only if its transactions in progress are in order and between both ends. */
function isSnapshot(text: string): boolean {
  if (!SNAPSHOT.test(text)) return false;
  const [xmin, xmax] = xidsOf(text);
  const inProgress = (text.split(':')[2] || undefined)?.split(',').map(BigInt) ?? [];
  return (
    xmin <= xmax && inProgress.every((xid, index) => xid >= (inProgress[index - 1] ?? xmin) && xid < xmax)
  );
}

function encode(parts: unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The parts of a text; an empty array if this server did not encode it. */
function decode(text: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
