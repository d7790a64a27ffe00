import { resultsOf } from './events.ts';
import type { CallOptions, ChangeOptions } from './options.ts';
import { type Answer, type Query, type Request, readJson, type Transport } from './request.ts';
import { Rows } from './rows.ts';
import { type Many, type SubmitOptions, type Submitted, submitAll } from './submit.ts';
import type { DateLike, Versioned } from './types.ts';

/** The most items of a page, and of a submission. */
const MOST_ITEMS = 1000;

/** The rows of a paged list. The client requests each next page itself. */
export function pages<T>(
  transport: Transport,
  path: string,
  filter: object = {},
  options?: CallOptions,
): Rows<T> {
  return new Rows(async function* () {
    for (let after: string | null | undefined; after !== null; ) {
      const query: Query = { ...filter, limit: MOST_ITEMS, after };
      const page: { items: T[]; next: string | null } = await transport.json(
        { method: 'GET', path, query },
        options,
      );
      yield page.items;
      after = page.next ?? null;
    }
  });
}

/** A list as a CSV file, which an import takes. */
export function csvFile(
  transport: Transport,
  path: string,
  filter: object = {},
  options: CallOptions = {},
): Promise<string> {
  const query: Query = { ...filter, format: 'csv' };
  return transport.exchange({ method: 'GET', path, query }, options, ({ response }) => response.text());
}

/** Whether a change is for one version only. A second call would conflict with the first. */
export function namesVersion(change: unknown): boolean {
  return (change as { version?: string | null }).version != null;
}

/** What makes a change one of a version. A second call would conflict with the first. */
export function ofVersion({ ifVersion }: ChangeOptions = {}): Pick<Request, 'headers' | 'once'> {
  return ifVersion === undefined ? {} : { headers: { 'If-Match': ifVersion }, once: true };
}

/** The row of an answer, with its version. */
export async function readVersioned<Row>(answer: Answer): Promise<Versioned<Row>> {
  return { row: await readJson<Row>(answer), version: answer.response.headers.get('ETag') ?? '' };
}

/** Submits items in order, 1,000 in a request. */
export function submitItems<T, R>(
  transport: Transport,
  path: string,
  items: Many<T>,
  options?: SubmitOptions,
): Promise<Submitted<T, R>> {
  return submitAll<T, R>(
    transport,
    {
      method: 'POST',
      path,
      size: MOST_ITEMS,
      inOrder: true,
      once: (batch) => batch.some(namesVersion),
      bodyOf: (batch) => ({ items: batch }),
      resultsOf,
      isRefused: (result) => (result as { result: string }).result === 'refused',
    },
    items,
    options,
  );
}

/** A template tag that makes a path of the management API, and encodes the ids in it. */
export function at(strings: TemplateStringsArray, ...ids: DateLike[]): string {
  const texts = ids.map((id) => encodeURIComponent(id instanceof Date ? id.toISOString() : id));
  return `/v1/manage/${String.raw({ raw: strings }, ...texts)}`;
}
