import { type Body, type Draft, RawJson } from './draft.ts';
import { type Pointer, pointersOf, valueAt, withValueAt } from './leaves.ts';

/** Changes one thing of a request; undefined where the request has no such thing. `pick` chooses among several. */
type Mutation = (draft: Draft, pick: number) => Draft | undefined;

const chosen = <T>(list: readonly T[], pick: number): T | undefined => list[pick % list.length];

function withBody(draft: Draft, change: Partial<Body>): Draft | undefined {
  return draft.body ? { ...draft, body: { ...draft.body, ...change } } : undefined;
}

/** Changes one value of a JSON body. */
function atValue(
  draft: Draft,
  pick: number,
  {
    where,
    change,
  }: { where: (value: unknown, at: Pointer) => boolean; change: (value: unknown, pick: number) => unknown },
): Draft | undefined {
  const json = draft.body?.json;
  if (json === undefined) return undefined;
  const places = pointersOf(json).filter((at) => where(valueAt(json, at), at));
  const at = chosen(places, pick);
  return at && withBody(draft, { json: withValueAt(json, at, change(valueAt(json, at), pick)) });
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isMember = (_: unknown, at: Pointer) => at.length > 0;
const OTHER_TYPES: readonly unknown[] = [7, 'text', true, [], {}, null, [1], { a: 1 }, 1.5, -1];
const BEYOND: readonly unknown[] = [-1, 1e9, 2 ** 53, 1e300, 0.5, 'x'.repeat(1_025), 'x'.repeat(20_000), ''];
const MEDIA_TYPES: readonly (string | null)[] = [
  null,
  'text/plain',
  'application/xml',
  'application/json',
  'application/json; charset=latin1',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/csv',
  'image/png',
  'image/gif',
  'nonsense',
  '',
];
const UNKNOWN_QUERY: readonly [string, string][] = [
  ['unknown', '1'],
  ['Limit', '1'],
  ['limit[]', '1'],
  ['__proto__', 'x'],
  ['toString', 'x'],
  ['', ''],
];
const BAD_QUERY: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  '1.5',
  '99999999999',
  'x',
  'TRUE',
  '2026-13-45',
  '%',
  'null',
];
const LONG_PARTS: readonly string[] = [
  'x'.repeat(128),
  'x'.repeat(129),
  'x'.repeat(2_000),
  '',
  ' ',
  'x',
  '0',
  'a,b',
];
const HEADERS: readonly [string, string][] = [
  ['content-encoding', 'gzip'],
  ['content-encoding', 'br'],
  ['content-encoding', 'identity'],
  ['if-match', 'no tag'],
  ['if-match', 'W/"x", "y"'],
  ['if-none-match', '*'],
  ['if-modified-since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['range', 'bytes=0-1'],
  ['accept', 'text/csv;q=0.5, application/x-ndjson'],
  ['accept', 'image/webp'],
  ['accept-encoding', 'gzip'],
  ['accept-encoding', 'br;q=1, *;q=0'],
  ['expect', '100-continue'],
  ['prefer', 'tell-new, wait=10'],
  ['correlationid', 'mine'],
  ['x-calven-region', 'ause1'],
  ['rollcall-organisation', 'unknown'],
  ['origin', 'https://evil.example'],
  ['x-http-method-override', 'DELETE'],
  ['upgrade', 'websocket'],
];

export const MUTATIONS: readonly Mutation[] = [
  // A member or an item is missing.
  (draft, pick) => atValue(draft, pick, { where: isMember, change: () => undefined }),
  // A value has another type, or is beyond a bound.
  (draft, pick) =>
    atValue(draft, pick, { where: () => true, change: () => chosen(OTHER_TYPES, pick * 7 + 1) }),
  (draft, pick) => atValue(draft, pick, { where: isMember, change: () => chosen(BEYOND, pick * 5 + 1) }),
  // An object has an unknown member.
  (draft, pick) =>
    atValue(draft, pick, {
      where: (value) => isContainer(value) && !Array.isArray(value) && !(value instanceof RawJson),
      change: (value) => ({ ...(value as object), unknown: 1, 'Another One': { deep: [null] } }),
    }),
  // A list has too many items, or none.
  (draft, pick) =>
    atValue(draft, pick, {
      where: (value) => Array.isArray(value),
      change: (value) =>
        pick % 4 === 0 ? [] : Array(pick % 4 === 1 ? 1_001 : 120).fill((value as unknown[])[0] ?? {}),
    }),
  // The text of the body is malformed.
  (draft, pick) =>
    withBody(draft, {
      spoil: (text) =>
        chosen(
          [
            '',
            text.slice(0, -1),
            text.slice(0, text.length / 2),
            `${text}x`,
            `\ufeff${text}`,
            text.replace(/^\{/, '{"__proto__":{"x":1},'),
            text.replace(/^\{("[^"]+":)/, '{$1null,$1'),
            `[${text}]`,
            text.replaceAll('"', "'"),
            `${text}${' '.repeat(10_000)}`,
          ],
          pick,
        ) ?? '',
    }),
  (draft, pick) => {
    const mediaType = chosen(MEDIA_TYPES, pick);
    return mediaType === undefined ? undefined : withBody(draft, { mediaType });
  },
  // A body where none is expected, and none where one is.
  (draft, pick) => ({
    ...draft,
    body: draft.body
      ? null
      : { mediaType: chosen(MEDIA_TYPES, pick) ?? null, text: chosen(['{}', 'x', '', '[1'], pick) ?? '' },
  }),
  // The query.
  (draft, pick) => ({ ...draft, query: [...draft.query, chosen(UNKNOWN_QUERY, pick) ?? ['unknown', '1']] }),
  (draft, pick) => {
    const pair = chosen(draft.query, pick);
    return pair && { ...draft, query: [...draft.query, pair] };
  },
  (draft, pick) => {
    const at = pick % (draft.query.length || 1);
    const pair = draft.query[at];
    return pair && { ...draft, query: draft.query.with(at, [pair[0], chosen(BAD_QUERY, pick >> 2) ?? '']) };
  },
  (draft, pick) =>
    draft.query.length > 0
      ? { ...draft, query: draft.query.toSpliced(pick % draft.query.length, 1) }
      : undefined,
  // The path: another id, one that is too long, other slashes.
  (draft, pick) => {
    const at = draft.path.findLastIndex(({ text }) => text.includes('⟦'));
    return at < 0
      ? undefined
      : { ...draft, path: draft.path.with(at, { text: chosen(LONG_PARTS, pick) ?? '' }) };
  },
  (draft) => ({ ...draft, path: [...draft.path, { text: '', raw: true }] }),
  (draft, pick) => ({
    ...draft,
    path: draft.path.toSpliced(pick % draft.path.length, 0, { text: '', raw: true }),
  }),
  // One more header.
  (draft, pick) => ({ ...draft, headers: [...draft.headers, chosen(HEADERS, pick) ?? ['range', 'x']] }),
];

/** The request after one mutation: the one of this number, else the next that the request allows. */
export function mutated(draft: Draft, number: number, pick: number): Draft {
  for (let step = 0; step < MUTATIONS.length; step++) {
    const changed = MUTATIONS[(number + step) % MUTATIONS.length]?.(draft, pick);
    if (changed) return changed;
  }
  return draft;
}
