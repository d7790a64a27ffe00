import { expect } from 'vitest';
import { datasets } from '../../src/warehouse/datasets.ts';
import { basic, type TestServer } from './server.ts';

export type Row = Record<string, unknown>;

/** What a warehouse keeps of one dataset: loaded once, and followed from then on as the documentation says. */
export class Consumer {
  readonly #server: TestServer;
  readonly #authorization: string;
  readonly #path: string;
  readonly #key: readonly string[];
  readonly #query: Record<string, string>;
  #rows: Row[] = [];
  cursor = '';

  /** `query`: the filters of every call; `dates`: those of the first one. */
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

  /** All rows there are in March 2026. */
  async exported(): Promise<Row[]> {
    return (await this.#load()).json();
  }

  async load(): Promise<void> {
    const reply = await this.#load();
    this.#rows = reply.json();
    this.cursor = String(reply.headers['rollcall-cursor']);
  }

  /** Loads what has changed, page by page where a `limit` is given; what came. */
  async follow(limit?: number): Promise<Row[]> {
    const { rows, cursor } = await this.pages(
      { changedSince: this.cursor, ...(limit ? { limit: String(limit) } : {}) },
      (page) => this.#apply(page),
    );
    this.cursor = cursor;
    return rows;
  }

  /** What is kept, in no order. */
  rows(): Row[] {
    return this.#rows;
  }

  /** The rows of all pages, and the cursor of the first. */
  async pages(
    query: Record<string, string>,
    onPage: (rows: Row[]) => void | Promise<void> = () => undefined,
  ): Promise<{ rows: Row[]; cursor: string; pages: number }> {
    let reply = await this.get(query);
    const cursor = String(reply.headers['rollcall-cursor']);
    const rows: Row[] = [];
    for (let pages = 1; ; pages++) {
      expect(reply.statusCode, reply.body).toBe(200);
      expect(reply.headers['rollcall-cursor']).toBe(cursor);
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

  /** Deletes what has a key that came, and inserts what came but deletions. */
  #apply(came: Row[]): void {
    const keyOf = (row: Row) => JSON.stringify(this.#key.map((column) => row[column] ?? null));
    const keys = new Set(came.map(keyOf));
    this.#rows = this.#rows.filter((row) => !keys.has(keyOf(row)));
    this.#rows.push(...came.filter((row) => !row.deleted));
  }
}

/** Rows without the columns that follow a dimension, in an order of their own. */
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

/** Rows whole, in an order of their own. */
export function whole(rows: Row[]): string[] {
  return rows.map((row) => JSON.stringify(Object.fromEntries(Object.entries(row).sort()))).sort();
}
