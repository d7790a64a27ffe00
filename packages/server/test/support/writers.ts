import fc from 'fast-check';
import type pg from 'pg';
import { afterEach, beforeEach } from 'vitest';
import type { TestServer } from './server.ts';

/** A step of a property test: one of several writers writes in its transaction, or ends it. */
export type WriterStep<Write> =
  | { do: 'write'; writer: number; write: Write; nested: boolean }
  | { do: 'end'; writer: number; how: 'COMMIT' | 'ROLLBACK' };

/** Steps of `count` writers with their weights, for `fc.oneof`. */
export function writerSteps<Write>(
  count: number,
  writes: fc.Arbitrary<Write>,
): { weight: number; arbitrary: fc.Arbitrary<WriterStep<Write>> }[] {
  const writer = fc.integer({ min: 0, max: count - 1 });
  return [
    {
      weight: 10,
      arbitrary: fc.record({ do: fc.constant('write'), writer, write: writes, nested: fc.boolean() }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('end'),
        writer,
        how: fc.constantFrom('COMMIT', 'COMMIT', 'ROLLBACK'),
      }),
    },
  ];
}

/** Writers with a connection each, whose transactions stay open from step to step. */
export class Writers {
  readonly #clients: pg.Client[];
  readonly #open = new Set<number>();

  private constructor(clients: pg.Client[]) {
    this.#clients = clients;
  }

  /** New writers for each test of a file. */
  static forEachTest(count: number, server: () => TestServer): () => Writers {
    let clients: pg.Client[] = [];
    let writers: Writers;
    beforeEach(async () => {
      clients = await Promise.all(
        Array.from({ length: count }, (_, n) => server().db.owner.connect(`writer ${n}`)),
      );
      writers = new Writers(clients);
    });
    afterEach(() => Promise.all(clients.map((client) => client.end())));
    return () => writers;
  }

  /** Writes in the transaction of a writer, which begins if none is open. `nested`: in a savepoint. */
  async write(
    n: number,
    tenantId: string,
    nested: boolean,
    work: (client: pg.Client) => Promise<unknown>,
  ): Promise<void> {
    const client = this.#clients[n] as pg.Client;
    if (!this.#open.has(n)) {
      await client.query("BEGIN; SET LOCAL lock_timeout TO '2s'");
      await client.query("SELECT set_config('rollcall.tenant_id', $1, true)", [tenantId]);
    }
    this.#open.add(n);
    if (nested) await client.query('SAVEPOINT nested');
    await work(client);
    if (nested) await client.query('RELEASE nested');
  }

  async end(n: number, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    if (this.#open.delete(n)) await this.#clients[n]?.query(how);
  }

  /** Ends all open transactions, the latest first. */
  async endAll(how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    for (const n of [...this.#open].reverse()) await this.end(n, how);
  }
}
