import { expect } from 'vitest';
import { datasets } from '../../src/warehouse/datasets.ts';
import { basic, type TestServer } from './server.ts';

export type Row = Record<string, unknown>;

/**
 * A warehouse's copy of one dataset. It loads the dataset once and then reads the changes, as the documentation
 * describes.
 */
export class Consumer {
  readonly #server: TestServer;
  readonly #authorization: string;
  readonly #path: string;
  readonly #key: readonly string[];
  readonly #query: Record<string, string>;
  #rows: Row[] = [];
  cursor = '';

  /** `query` has the filters of every call; `dates` has the dates of the first call. */
  constructor(
    server: TestServer,
    key: { apiKey: string; secret: string },
    path: string,
    query: Record<string, string> = {},
  ) {
    this.#server = server;
    this.#authorization = basic(key);
    this.#path = path;
    this.#key = datasets.find((dataset) => dataset.path === path)?.key ?? [];
    this.#query = query;
  }

  get(query: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') {
    return this.#server.app.inject({
      method,
      url: `/v1/analytics/${this.#path}/basic`,
      query: { ...this.#query, ...query },
      headers: { authorization: this.#authorization },
    });
  }

  /** All rows of March 2026. */
  async exported(): Promise<Row[]> {
    return (await this.#load()).json();
  }

  async load(): Promise<void> {
    const reply = await this.#load();
    this.#rows = reply.json();
    this.cursor = String(reply.headers['rollcall-cursor']);
  }

  /** Loads the changes, in pages if there is a `limit`. Returns them. */
  async follow(limit?: number): Promise<Row[]> {
    const { rows, cursor } = await this.pages(
      { changedSince: this.cursor, ...(limit ? { limit: String(limit) } : {}) },
      (page) => this.#apply(page),
    );
    this.cursor = cursor;
    return rows;
  }

  /** The copied rows, in no order. */
  rows(): Row[] {
    return this.#rows;
  }

  /** The rows of all pages, and the cursor of the last. */
  async pages(
    query: Record<string, string>,
    onPage: (rows: Row[]) => void | Promise<void> = () => undefined,
  ): Promise<{ rows: Row[]; cursor: string; pages: number }> {
    let reply = await this.get(query);
    const first = stateOf(reply.headers['rollcall-cursor']);
    const rows: Row[] = [];
    for (let pages = 1; ; pages++) {
      expect(reply.statusCode, reply.body).toBe(200);
      const cursor = String(reply.headers['rollcall-cursor']);
      expect(stateOf(cursor)).toEqual(first);
      const page = reply.json() as Row[];
      rows.push(...page);
      await onPage(page);
      const next = /^<([^>]+)>; rel="next"$/.exec(String(reply.headers.link ?? ''))?.[1];
      if (next === undefined) return { rows, cursor, pages };
      reply = await this.#server.app.inject({ url: next, headers: { authorization: this.#authorization } });
    }
  }

  async #load() {
    const dated = datasets.find(({ path }) => path === this.#path)?.filters.includes('dates');
    const reply = await this.get(dated ? { startDate: '2026-03-01', endDate: '2026-03-31' } : {});
    expect(reply.statusCode, reply.body).toBe(200);
    return reply;
  }

  /**
   * Deletes the rows of removed days and the rows with the keys that came. Inserts the rows that came, except deleted rows.
   */
  #apply(came: Row[]): void {
    const dayOf = (row: Row) =>
      String(this.#path === 'change-log/user' ? row.eventTime : row.day).slice(0, 10);
    for (const { removedFrom, removedTo } of came) {
      if (removedFrom === undefined) continue;
      const [from, to] = [String(removedFrom).slice(0, 10), String(removedTo).slice(0, 10)];
      this.#rows = this.#rows.filter((row) => dayOf(row) < from || dayOf(row) > to);
    }
    const keyOf = (row: Row) => JSON.stringify(this.#key.map((column) => row[column] ?? null));
    const keys = new Set(came.map(keyOf));
    this.#rows = this.#rows.filter((row) => !keys.has(keyOf(row)));
    this.#rows.push(...came.filter((row) => !row.deleted));
  }
}

/** The rows without the columns that come from a dimension, sorted. */
export function facts(rows: Row[]): string[] {
  const isFact = (name: string) => !/Name$|Email$|^primary/.test(name);
  return rows
    .map((row) =>
      JSON.stringify(
        Object.fromEntries(
          Object.entries(row)
            .filter(([name]) => isFact(name))
            .sort(),
        ),
      ),
    )
    .sort();
}

/** The complete rows, sorted. */
export function whole(rows: Row[]): string[] {
  return rows.map((row) => JSON.stringify(Object.fromEntries(Object.entries(row).sort()))).sort();
}

/** The state of which a cursor tells: its snapshot, its moment and its scope. */
function stateOf(cursor: unknown): unknown[] {
  const [database, , snapshot, at, scope] = JSON.parse(Buffer.from(String(cursor), 'base64url').toString());
  return [database, snapshot, at, scope];
}
