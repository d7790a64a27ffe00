import { createHash } from 'node:crypto';
import { Random } from '../src/demo/random.ts';
import { admittedTo, CREDENTIALS } from './credentials.ts';
import type { Operation } from './openapi.ts';
import { MODES, type Mode } from './requests.ts';

/** Requests of one operation, of one kind of credentials, in one mode. */
export interface Case {
  operation: Operation;
  credential: string;
  mode: Mode;
  /** How many requests. */
  runs: number;
}

/** Of the requests, those that go to all credentials alike; the others have credentials that may call the operation. */
const SHARE_OF_ALL = 0.4;

/**
 * Distributes the requests. Each operation gets as many as the others, and every kind of credentials in every mode as
 * many as the others of `SHARE_OF_ALL`. A small run takes some of them, by its seed.
 */
export function planCases(operations: readonly Operation[], requests: number, seed: number): Case[] {
  const each = Math.max(1, Math.ceil(requests / operations.length));
  const cases = operations.flatMap((operation) => {
    const random = new Random(hash(`${seed} ${operation.id}`));
    const forAll = Math.round(each * SHARE_OF_ALL);
    return merged([
      ...spread(operation, Object.keys(CREDENTIALS), forAll, random),
      ...spread(operation, admittedTo(operation), each - forAll, random),
    ]);
  });
  return shuffled(cases, new Random(seed));
}

function spread(operation: Operation, credentials: string[], runs: number, random: Random): Case[] {
  const cases = shuffled(
    credentials.flatMap((credential) => MODES.map((mode) => ({ operation, credential, mode }))),
    random,
  );
  return cases.flatMap((each, index) => {
    const share = Math.floor(runs / cases.length) + (index < runs % cases.length ? 1 : 0);
    return share > 0 ? [{ ...each, runs: share }] : [];
  });
}

/** One case in place of two with the same credentials and mode. */
function merged(cases: Case[]): Case[] {
  const all = new Map<string, Case>();
  for (const each of cases) {
    const key = `${each.credential} ${each.mode}`;
    all.set(key, { ...each, runs: each.runs + (all.get(key)?.runs ?? 0) });
  }
  return [...all.values()];
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((value) => ({ value, order: random.next() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ value }) => value);
}

/** The seed of a case: cases of one run differ, and the same case of the same run is the same. */
export function seedOf(seed: number, { operation, credential, mode }: Case): number {
  return hash(`${seed} ${operation.id} ${credential} ${mode}`);
}

/** 32 bits of a text. */
function hash(text: string): number {
  return createHash('sha256').update(text).digest().readInt32BE();
}

/** The path of a failure in a run: the case and the path of fast-check. */
export function pathOf({ operation, credential, mode }: Case, path: string): string {
  return [operation.id, credential, mode, path].join(' | ');
}

/** The case of a path that `pathOf` wrote. Throws a sentence for the user. */
export function readPath(text: string, operations: readonly Operation[]): Case & { path: string } {
  const [id, credential = '', mode, path = ''] = text.split(' | ');
  const operation = operations.find((each) => each.id === id);
  if (!operation || !Object.hasOwn(CREDENTIALS, credential) || !MODES.some((each) => each === mode))
    throw new Error(`"${text}" is not a path of a run on this server.`);
  return { operation, credential, mode: mode as Mode, runs: 1, path };
}
