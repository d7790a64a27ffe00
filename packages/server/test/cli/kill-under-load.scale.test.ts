import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Database } from '../../src/store/connections/db.ts';
import { serverPid } from '../embedded/support.ts';
import { prepareLoad, storedIds } from './load-support.ts';
import { type Key, logIn, postJson, superuserOf, until, Workspace } from './support.ts';

const CONNECTIONS = 16;
const EVENTS_PER_REQUEST = 100;
/** The number of requests before the kill. */
const REQUESTS_BEFORE = 100;

let workspace: Workspace;
let dataDir: string;
let key: Key;
let event: Record<string, string>;
beforeAll(async () => {
  workspace = await Workspace.create();
  ({ dataDir, key, event } = await prepareLoad(workspace));
});
afterAll(() => workspace.close());

interface Reply {
  results: { eventId: string; resultCode: number }[];
}

/** Sources that submit events until they are told to stop, even if the server ends. */
class Load {
  /** Ids of the events that were answered with code 0. */
  readonly acknowledged = new Set<string>();
  requests = 0;
  #isOver = false;
  readonly #sources: Promise<void>[];

  constructor(baseUrl: string, token: string, name: string) {
    this.#sources = Array.from({ length: CONNECTIONS }, (_, source) =>
      this.#send(baseUrl, token, `${name} ${source}`),
    );
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#sources);
  }

  async #send(baseUrl: string, token: string, name: string): Promise<void> {
    const startMs = Date.now() - 3_600_000;
    for (let turn = 0; !this.#isOver; turn++) {
      const presenceEvents = Array.from({ length: EVENTS_PER_REQUEST }, (_, index) => ({
        ...event,
        eventId: `${name} ${turn} ${index}`,
        timestamp: new Date(startMs + turn * EVENTS_PER_REQUEST + index).toISOString(),
      }));
      const results = await postJson(`${baseUrl}/v1/presence/`, { sourceId: 'load', presenceEvents }, token)
        .then(async (reply) => (reply.status === 200 ? ((await reply.json()) as Reply).results : []))
        .catch((): Reply['results'] => []);
      for (const { eventId, resultCode } of results) if (resultCode === 0) this.acknowledged.add(eventId);
      this.requests++;
      if (results.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function expectAllThereOnce({ acknowledged }: Load, name: string): Promise<void> {
  const found = await storedIds(dataDir, name);
  const distinct = new Set(found);
  expect([...acknowledged].filter((eventId) => !distinct.has(eventId))).toEqual([]);
  expect(found).toHaveLength(distinct.size);
  expect(acknowledged.size).toBeGreaterThanOrEqual(REQUESTS_BEFORE * EVENTS_PER_REQUEST);
}

describe('Under full load', () => {
  test('kill -9 of the server loses no acknowledged event, and doubles none', async () => {
    const { server, baseUrl } = await workspace.start(['serve', '--data-dir', dataDir]);
    const load = new Load(baseUrl, (await logIn(baseUrl, key)).token, 'server');
    await until(() => load.requests > REQUESTS_BEFORE);
    server.signal('SIGKILL');
    await server.exited;
    await load.stop();
    const { server: next } = await workspace.start(['serve', '--data-dir', dataDir]);
    await expectAllThereOnce(load, 'server');
    await next.stop();
  });

  test.each(['the database', 'one of its connections'] as const)(
    'kill -9 of %s loses no acknowledged event, and the server continues by itself',
    async (victim) => {
      const { server, baseUrl } = await workspace.start(['serve', '--data-dir', dataDir]);
      const load = new Load(baseUrl, (await logIn(baseUrl, key)).token, victim);
      await until(() => load.requests > REQUESTS_BEFORE);
      process.kill(victim === 'the database' ? await postmaster() : await busyBackend(), 'SIGKILL');
      const before = load.acknowledged.size;
      await until(() => load.acknowledged.size > before + REQUESTS_BEFORE * EVENTS_PER_REQUEST);
      await load.stop();
      await expectAllThereOnce(load, victim);
      await server.stop();
    },
  );
});

async function postmaster(): Promise<number> {
  return (await serverPid(join(dataDir, 'postgres'))) ?? expect.fail('There is no database.');
}

/** A process of the database for a connection that has stored events. */
async function busyBackend(): Promise<number> {
  const database = new Database({ target: await superuserOf(dataDir), as: 'owner' });
  try {
    const { rows } = await database.inSystem((tx) =>
      tx.query(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'rollcall' AND pid <> pg_backend_pid()
           AND query LIKE '%presence_events%' ORDER BY query_start DESC LIMIT 1`,
      ),
    );
    return rows[0].pid;
  } finally {
    await database.close();
  }
}
