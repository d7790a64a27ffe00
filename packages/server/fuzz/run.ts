import fc from 'fast-check';
import type { ImportColumns } from './bodies.ts';
import { type Answer, type Client, curlOf, NoAnswer, type Wire } from './client.ts';
import { credentialHeaders, isOther, type Worlds } from './credentials.ts';
import { type Draft, textOf } from './draft.ts';
import { Leaks } from './isolation.ts';
import type { Judge } from './judge.ts';
import type { Operation } from './openapi.ts';
import { type Case, pathOf, seedOf } from './plan.ts';
import { type Referred, referencesIn } from './references.ts';
import { type Mode, requestOf } from './requests.ts';
import type { Tally } from './tally.ts';
import { wireOf } from './wire.ts';
import type { World } from './world.ts';

/** What every case of a run needs. */
export interface Context {
  url: string;
  seed: number;
  client: Client;
  judge: Judge;
  columns: ImportColumns;
  tally: Tally;
  neighbour: World;
  /** The organisations of the present round. */
  worlds: () => Promise<Worlds>;
}

export interface Failure {
  /** What is wrong, without what differs among requests of the same fault. */
  fault: string;
  path: string;
  curl: string;
  answer: string;
  /** How many requests had the fault. */
  count: number;
}

/** A smaller request with the same fault is worth so many requests. */
const MOST_SHRINKS = 60;
const MOST_SHOWN = 600;

/** Runs cases, and collects the failures: one of each fault of an operation. */
export class Run {
  readonly failures = new Map<string, Failure>();
  readonly #context: Context;
  readonly #arbitraries = new Map<string, fc.Arbitrary<Draft>>();
  readonly #leaks = new Leaks();
  #requests = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Runs a case, or only the request of it at `path`. */
  async runCase(given: Case, path?: string): Promise<void> {
    let found: (Sent & { fault: string; key: string }) | undefined;
    let leftShrinks = MOST_SHRINKS;
    const property = fc.asyncProperty(this.#arbitrary(given.operation, given.mode), async (draft) => {
      if (found && leftShrinks-- <= 0) return;
      const sent = await this.#send(draft, given);
      if (sent.fault === undefined) return;
      const key = `${given.operation.id}: ${sent.fault}`;
      const known = this.failures.get(key);
      if (known) known.count++;
      // A fault that is reported already, and another one than that which is made smaller.
      if (known || (found && found.key !== key)) return;
      found = { ...sent, fault: sent.fault, key };
      throw new Error(sent.fault);
    });
    const details = await fc.check(property, {
      seed: seedOf(this.#context.seed, given),
      numRuns: given.runs,
      ...(path === undefined ? {} : { path, endOnFailure: true }),
    });
    if (!details.failed) return;
    if (!found) throw details.errorInstance;
    this.failures.set(found.key, {
      fault: found.key,
      path: pathOf(given, details.counterexamplePath ?? ''),
      curl: curlOf(this.#context.url, found.wire),
      answer: describe(found.answer),
      count: 1,
    });
  }

  #arbitrary(operation: Operation, mode: Mode): fc.Arbitrary<Draft> {
    const key = `${mode} ${operation.id}`;
    const known = this.#arbitraries.get(key);
    if (known) return known;
    const made = requestOf(operation, mode, this.#context.columns);
    this.#arbitraries.set(key, made);
    return made;
  }

  async #send(draft: Draft, { operation, credential }: Case): Promise<Sent> {
    const { client, judge, tally, neighbour } = this.#context;
    const worlds = await this.#context.worlds();
    const headers = await credentialHeaders(credential, operation, worlds);
    const referred = { world: worlds.own, neighbour, once: await this.#once(draft, headers, worlds.own) };
    // Failed sign-ins slow down the network that they come from, so each request comes from another one.
    const wire = wireOf(draft, [...headers, ['x-forwarded-for', this.#nextAddress()]], referred);
    try {
      const answer = await client.send(wire);
      tally.note(operation, answer.status);
      // A caller who has a link may see whose it is, so public operations do not count.
      const isForeign = isOther(credential) && operation.schemes.length > 0;
      const said = `${wire.target} ${JSON.stringify(wire.headers)} ${wire.body?.toString() ?? ''}`;
      const leaks = [neighbour.marker, ...(isForeign ? [worlds.own.marker] : [])];
      const fault =
        judge.fault(wire.method, wire.target, answer) ??
        this.#leaks.fault(leaks, said, answer.body.toString());
      return { wire, answer, fault };
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      tally.note(operation, 0);
      return { wire, answer: undefined, fault: error.message };
    }
  }

  /** What only this request can use. */
  async #once(draft: Draft, headers: [string, string][], world: World): Promise<Referred['once']> {
    const texts = [
      ...draft.path.map(({ text }) => text),
      ...[...draft.query, ...draft.headers].map(([, value]) => value),
      (draft.body && textOf(draft.body)) ?? '',
    ];
    const kinds = new Set(referencesIn(texts.join(' ')));
    const once: Referred['once'] = {};
    if (kinds.has('link')) once.link = await world.link();
    if (kinds.has('session')) once.session = (await this.#ownSession(headers)) ?? 'none';
    if (kinds.has('etag')) once.etag = await this.#etag(draft, world);
    return once;
  }

  async #ownSession(headers: [string, string][]): Promise<string | undefined> {
    const own = headers.filter(([name]) => name === 'cookie');
    const answer = await this.#context.client.send({
      method: 'GET',
      target: '/v1/session/sessions',
      headers: own,
      body: null,
    });
    if (answer.status !== 200) return undefined;
    const { items } = JSON.parse(answer.body.toString()) as { items: { sessionId: string }[] };
    return items.at(-1)?.sessionId;
  }

  /** The version of the thing that the request changes. */
  async #etag(draft: Draft, world: World): Promise<string> {
    const path = draft.path.filter(({ text }) => !['effects', 'publication', 'assignment'].includes(text));
    const read = { method: 'GET', path, query: [], headers: [], body: null } satisfies Draft;
    const referred = { world, neighbour: this.#context.neighbour, once: {} };
    const wire = wireOf(read, [['authorization', `Bearer ${world.tokens.all}`]], referred);
    const answer = await this.#context.client.send(wire);
    return answer.headers.etag ?? '"none"';
  }

  #nextAddress(): string {
    const number = ++this.#requests;
    return `10.${(number >> 16) & 0xff}.${(number >> 8) & 0xff}.${number & 0xff}`;
  }
}

interface Sent {
  wire: Wire;
  answer: Answer | undefined;
  fault: string | undefined;
}

function describe(answer: Answer | undefined): string {
  if (!answer) return 'none';
  const text = answer.body.subarray(0, MOST_SHOWN).toString();
  return `${answer.status} ${answer.headers['content-type'] ?? ''} ${text}${answer.body.length > MOST_SHOWN ? '…' : ''}`;
}
