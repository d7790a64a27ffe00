import fc from 'fast-check';
import { bodyOf, type ImportColumns } from './bodies.ts';
import { type Draft, RawJson } from './draft.ts';
import { HOSTILE_PARTS, hostileLeaf, hostileText } from './hostile.ts';
import { pointersOf, valueAt, withValueAt } from './leaves.ts';
import { MUTATIONS, mutated } from './mutations.ts';
import type { Operation } from './openapi.ts';
import { valueFor } from './values.ts';

export const MODES = ['valid', 'mutation', 'hostile'] as const;
/** `valid`: the description allows it. `mutation`: one thing of it is changed. `hostile`: it has hostile texts. */
export type Mode = (typeof MODES)[number];

/** Makes the arbitrary requests of an operation in a mode. */
export function requestOf(operation: Operation, mode: Mode, columns: ImportColumns): fc.Arbitrary<Draft> {
  const valid = validRequest(operation, columns);
  if (mode === 'valid') return valid;
  if (mode === 'mutation') {
    return fc
      .tuple(valid, fc.nat({ max: MUTATIONS.length - 1 }), fc.nat({ max: 1_000 }))
      .map(([draft, number, pick]) => mutated(draft, number, pick));
  }
  return fc
    .tuple(valid, fc.array(injection, { minLength: 1, maxLength: 3 }))
    .map(([draft, injections]) => injections.reduce(inject, draft));
}

function validRequest(operation: Operation, columns: ImportColumns): fc.Arbitrary<Draft> {
  const { method, path } = operation;
  const textOf = (name: string) => {
    const schema = operation.parameters.find((parameter) => parameter.name === name)?.schema ?? {
      type: 'string',
    };
    return valueFor(schema, path, name).map(String);
  };
  const parts = path
    .split('/')
    .slice(1)
    .map((part) => {
      const name = /^\{(.+)\}$/.exec(part)?.[1];
      return name === undefined
        ? fc.constant({ text: part, raw: true })
        : textOf(name).map((text) => ({ text }));
    });
  return fc.record({
    method: fc.constant(method),
    path: fc.tuple(...parts),
    query: pairsOf(operation, 'query', textOf),
    headers: pairsOf(operation, 'header', textOf),
    body: bodyOf(operation, columns),
  });
}

/** The required parameters of a place, and few of the others: most of those narrow a list. */
function pairsOf(
  { parameters }: Operation,
  place: 'query' | 'header',
  textOf: (name: string) => fc.Arbitrary<string>,
): fc.Arbitrary<[string, string][]> {
  const pairs = parameters
    .filter((parameter) => parameter.in === place)
    .map(({ name, required }) => {
      const pair = textOf(name).map((text): [string, string] => [name, text]);
      const isUsed =
        required || isWindow(name) ? fc.constant(true) : fc.nat({ max: 3 }).map((chance) => chance === 3);
      return fc.tuple(isUsed, pair);
    });
  return fc.tuple(...pairs).map((given) => given.filter(([isUsed]) => isUsed).map(([, pair]) => pair));
}

/** The dates of a warehouse dataset are required, except beside a cursor, which the description cannot say. */
const isWindow = (name: string): boolean => name === 'startDate' || name === 'endDate';

interface Injection {
  place: 'body' | 'query' | 'path' | 'header' | 'rawPath' | 'rawQuery';
  pick: number;
  text: string;
  leaf: unknown;
  part: string;
}

const injection: fc.Arbitrary<Injection> = fc.record({
  place: fc.constantFrom('body', 'body', 'body', 'query', 'query', 'path', 'header', 'rawPath', 'rawQuery'),
  pick: fc.nat({ max: 1_000 }),
  text: hostileText,
  leaf: hostileLeaf,
  part: fc.constantFrom(...HOSTILE_PARTS),
});

/** Header names in which servers and their programs read text. */
const TEXT_HEADERS = [
  'correlationid',
  'if-match',
  'if-none-match',
  'accept',
  'accept-encoding',
  'prefer',
  'rollcall-organisation',
  'content-encoding',
  'accept-language',
  'user-agent',
];

function inject(draft: Draft, given: Injection): Draft {
  const { place, pick, text } = given;
  switch (place) {
    case 'body':
      return injectBody(draft, given);
    case 'query': {
      if (draft.query.length === 0) return { ...draft, query: [[text, text]] };
      const at = pick % draft.query.length;
      return { ...draft, query: draft.query.with(at, [draft.query[at]?.[0] ?? '', text]) };
    }
    case 'path':
      return withPart(draft, pick, { text });
    case 'rawPath':
      return withPart(draft, pick, { text: given.part, raw: true });
    case 'rawQuery':
      return { ...draft, rawQuery: `${given.part}&a=${given.part}&=&&a[b]=1` };
    case 'header':
      return {
        ...draft,
        headers: [...draft.headers, [TEXT_HEADERS[pick % TEXT_HEADERS.length] ?? '', text]],
      };
  }
}

function withPart(draft: Draft, pick: number, part: Draft['path'][number]): Draft {
  const parameters = draft.path.flatMap(({ raw }, index) => (raw ? [] : [index]));
  const at = parameters[pick % parameters.length];
  return at === undefined ? draft : { ...draft, path: draft.path.with(at, part) };
}

function injectBody(draft: Draft, { pick, text, leaf }: Injection): Draft {
  const { body } = draft;
  if (!body) return draft;
  if (body.json !== undefined) {
    const isLeaf = (value: unknown) =>
      value === null || typeof value !== 'object' || value instanceof RawJson;
    const places = pointersOf(body.json).filter((at) => pick % 5 === 0 || isLeaf(valueAt(body.json, at)));
    const at = places[pick % places.length] ?? [];
    return { ...draft, body: { ...body, json: withValueAt(body.json, at, leaf) } };
  }
  if (body.text !== undefined) {
    // A cell of a file, or a place of a picture.
    const places = [...body.text.matchAll(/[,>\n]/g)].map(({ index }) => index + 1);
    const at = places[pick % (places.length || 1)] ?? 0;
    return { ...draft, body: { ...body, text: body.text.slice(0, at) + text + body.text.slice(at) } };
  }
  const bytes = Buffer.from(body.base64 ?? '', 'base64');
  if (bytes.length > 0) bytes[pick % bytes.length] = pick & 0xff;
  return { ...draft, body: { ...body, base64: bytes.toString('base64') } };
}
