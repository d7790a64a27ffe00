import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Rollcall as Sdk } from '@rollcall/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Database } from '../../src/store/connections/db.ts';
import { newPool } from '../../src/store/connections/hosts.ts';
import { addOffice, addUser } from '../support/directory.ts';
import { warnUnless } from '../support/not-run.ts';
import { answersWithinASecond } from '../support/waiting.ts';
import { hasPatroni, type Node, PatroniCluster } from './patroni-support.ts';
import { type Key, logIn, postJson, type Rollcall, readStatus, until, Workspace } from './support.ts';

/** `npm run test:failover` asks for 20. */
const KILLS = Number(process.env.KILLS ?? 2);
const PASSWORD = 'a-password-of-a-test';
/** Clients of each server that send one event after the other. */
const CLIENTS = 4;
/** Events that must be acknowledged before a failure, and after it. */
const BETWEEN = 100;
const RETRY_MS = 50;
const ATTEMPT_MS = 30_000;

warnUnless(hasPatroni, 'Patroni, etcd or PostgreSQL 15 is missing or the user is not root', 'failover');

const told = (gapMs: number, sdkGapMs: number) =>
  `${Math.round(gapMs)} ms without an acknowledgement, ${Math.round(sdkGapMs)} ms for the SDK`;

/** A client that sends one event after the other, each again and again until it is acknowledged. */
class Source {
  readonly acknowledged: string[] = [];
  /** An answer other than 200 and 503, or a refused event. It ends the client. */
  readonly faults: string[] = [];
  /** The longest time between two acknowledgements, in milliseconds, since the last call of `reset`. */
  longestMs = 0;
  #lastMs = performance.now();
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(send: (turn: number) => Promise<string | undefined>) {
    const work = async () => {
      for (let turn = 0; !this.#isOver; turn++) {
        let id = await send(turn);
        while (id === undefined) {
          await delay(RETRY_MS);
          id = await send(turn);
        }
        this.longestMs = Math.max(this.longestMs, performance.now() - this.#lastMs);
        this.#lastMs = performance.now();
        this.acknowledged.push(id);
      }
    };
    this.#done = work().catch((error: Error) => void this.faults.push(error.message));
  }

  reset(): void {
    this.longestMs = 0;
  }

  stop(): Promise<void> {
    this.#isOver = true;
    return this.#done;
  }
}

interface Reply {
  results: { resultCode: number }[];
}

const summary = (values: number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.floor((sorted.length - 1) * part)] ?? 0);
  return `${at(0)}–${at(1)} ms, median ${at(0.5)} ms`;
};

describe.skipIf(!hasPatroni)('Two servers on the Patroni of docs/high-availability/patroni.yml', () => {
  let work: Workspace;
  let cluster: PatroniCluster;
  let env: Record<string, string>;
  let key: Key;
  let event: { userId: string; locationType: 'place'; locationId: string };
  let sources: Source[] = [];
  const servers: Rollcall[] = [];
  const baseUrls: string[] = [];
  const tokens: string[] = [];
  /** An hour ago. Each event of a source is a millisecond later than the one before. */
  const sinceMs = Date.now() - 3_600_000;

  beforeAll(async () => {
    work = await Workspace.create();
    cluster = await PatroniCluster.start(work);
    const primary = (await cluster.primary()) as Node;
    await cluster.ask(primary, `CREATE ROLE rollcall LOGIN CREATEROLE PASSWORD '${PASSWORD}'`);
    await cluster.ask(primary, 'CREATE DATABASE rollcall OWNER rollcall');
    env = {
      DATABASE_URL: cluster.urlAs('rollcall', PASSWORD, 'rollcall'),
      ROLLCALL_SERVING_DATABASE_URL: cluster.urlAs('rollcall_server', PASSWORD, 'rollcall'),
      ROLLCALL_MASTER_KEY: randomBytes(32).toString('base64'),
      ROLLCALL_JOBS: 'on',
    };
    const properties = ['--role', 'all', '--authentication', 'hmac', '--name', 'test'];
    key = await work.json<Key>(['keys', 'create', ...properties], { env });
    const owner = new Database({ target: { connectionString: env.DATABASE_URL }, as: 'owner' });
    const { rows } = await owner.inSystem((tx) => tx.query('SELECT tenant_id AS id FROM organisations'));
    const office = await addOffice(owner, rows[0].id, 'UTC');
    const { userId } = await addUser(owner, rows[0].id);
    await owner.close();
    event = { userId, locationType: 'place', locationId: office.placeId };
    for (let count = 0; count < 2; count++) {
      const { server, baseUrl } = await work.start(['serve', '--database-pool-size', '4'], { env });
      servers.push(server);
      baseUrls.push(baseUrl);
      tokens.push((await logIn(baseUrl, key)).token);
    }
  }, 600_000);
  afterAll(async () => {
    await Promise.all(sources.map((source) => source.stop()));
    for (const server of servers) if (!server.hasEnded) await server.stop();
    await cluster?.stop();
    await work?.close();
  }, 300_000);
  const eventOf = (eventId: string, turn: number, source: number) => ({
    ...event,
    eventId,
    timestamp: new Date(sinceMs - source * 100_000_000 + turn).toISOString(),
  });

  /** Starts clients of each server, and one of the SDK with its own retries. */
  function startLoad(name: string): void {
    const plain = Array.from({ length: 2 * CLIENTS }, (_, source) => {
      const [baseUrl, token] = [baseUrls[source % 2] ?? '', tokens[source % 2] ?? ''];
      return new Source(async (turn) => {
        const id = `${name} ${source} ${turn}`;
        const body = { sourceId: 'load', presenceEvents: [eventOf(id, turn, source)] };
        const reply = await postJson(`${baseUrl}/v1/presence`, body, token).catch(() => undefined);
        if (reply === undefined || reply.status === 503) return undefined;
        const text = await reply.text();
        const isStored = reply.status === 200 && (JSON.parse(text) as Reply).results[0]?.resultCode === 0;
        if (!isStored) throw new Error(`${reply.status} ${text}`);
        return id;
      });
    });
    const sdk = new Sdk({ baseUrl: baseUrls[0], ...key, timeoutMs: ATTEMPT_MS, maxRetries: 20 });
    const bySdk = new Source(async (turn) => {
      const id = `${name} sdk ${turn}`;
      const { refused } = await sdk.presence.submit('load', [eventOf(id, turn, 2 * CLIENTS)]);
      if (refused.length > 0) throw new Error(JSON.stringify(refused));
      return id;
    });
    sources = [...plain, bySdk];
  }

  const acknowledged = () => sources.map((source) => source.acknowledged.length);
  /** Waits until each client has had more events acknowledged. */
  async function more(count: number): Promise<void> {
    const goals = acknowledged().map((before, source) => before + (source === 2 * CLIENTS ? 2 : count));
    await until(() => {
      expect(sources.flatMap(({ faults }) => faults)).toEqual([]);
      return acknowledged().every((now, source) => now >= (goals[source] ?? 0));
    }, 240_000);
  }

  /** Stops the load, and expects each acknowledged event to be stored once, and nothing else. */
  async function expectAllStored(name: string): Promise<number> {
    await Promise.all(sources.map((source) => source.stop()));
    expect(sources.flatMap(({ faults }) => faults)).toEqual([]);
    const sent = sources.flatMap((source) => source.acknowledged);
    sources = [];
    const primary = (await cluster.primary()) as Node;
    const sql = `SELECT event_id AS id FROM rollcall.presence_events WHERE event_id LIKE '${name} %'`;
    const stored = (await cluster.ask<{ id: string }>(primary, sql, 'rollcall')).map(({ id }) => id);
    const distinct = new Set(stored);
    expect(sent.filter((id) => !distinct.has(id))).toEqual([]);
    expect(stored.toSorted()).toEqual(sent.toSorted());
    return sent.length;
  }

  /**
   * Lets the load run over `failure`, which takes the primary away. Returns the longest gap of a plain client, and that of the client
   * of the SDK, in milliseconds.
   */
  async function gapOver(
    failure: (primary: Node) => Promise<void>,
  ): Promise<{ gapMs: number; sdkGapMs: number }> {
    const primary = await cluster.untilWhole();
    await more(BETWEEN / 4);
    for (const source of sources) source.reset();
    await failure(primary);
    await more(BETWEEN / 4);
    const gaps = sources.map(({ longestMs }) => longestMs);
    return { gapMs: Math.max(...gaps.slice(0, -1)), sdkGapMs: gaps.at(-1) ?? 0 };
  }

  /** The number of rows of an answer of the warehouse, and its cursor. */
  const read = async (path: string) => {
    const headers = { authorization: `Bearer ${tokens[0]}` };
    const reply = await fetch(`${baseUrls[0]}${path}&format=ndjson`, { headers });
    const rows = (await reply.text()).split('\n').length - 1;
    return { status: reply.status, rows, cursor: reply.headers.get('rollcall-cursor') ?? '' };
  };
  const isoDay = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const PRESENCE = '/v1/analytics/presence';

  test(
    `the primary is killed ${KILLS} times under load: no acknowledged event is lost or doubled, and cursors go on`,
    async () => {
      const days = `startDate=${isoDay(-1)}&endDate=${isoDay(1)}`;
      const { cursor } = await read(`${PRESENCE}?${days}`);
      startLoad('killed');
      const gaps: number[] = [];
      const sdkGaps: number[] = [];
      for (let kill = 1; kill <= KILLS; kill++) {
        const { gapMs, sdkGapMs } = await gapOver(async (primary) => {
          cluster.signalNode(primary, 'SIGKILL');
          await cluster.untilPrimaryIsNot(primary);
          cluster.startNode(primary);
        });
        gaps.push(gapMs);
        sdkGaps.push(sdkGapMs);
        process.stdout.write(`kill ${kill}: ${told(gapMs, sdkGapMs)}\n`);
      }
      const count = await expectAllStored('killed');
      process.stdout.write(
        `${KILLS} kills, ${count} events: a gap of ${summary(gaps)}; the SDK ${summary(sdkGaps)}\n`,
      );
      expect(gaps.length).toBe(KILLS);
      // With synchronous replication, the new primary has all that the cursor has seen.
      const changes = await read(`${PRESENCE}?changedSince=${cursor}`);
      expect(changes).toMatchObject({ status: 200, rows: count });
      expect(await read(`${PRESENCE}?changedSince=${changes.cursor}`)).toMatchObject({
        status: 200,
        rows: 0,
      });
    },
    600_000 + KILLS * 300_000,
  );

  test('after it, jobs run, and a revoked key is refused by both servers within a second', async () => {
    const primary = await cluster.untilWhole();
    const ask = <Row extends object>(sql: string) => cluster.ask<Row>(primary, sql, 'rollcall');
    await ask("SELECT rollcall_jobs.add_job('horizon')");
    const sql = 'SELECT id FROM rollcall_jobs._private_jobs WHERE key IS NULL';
    await until(async () => (await ask(sql)).length === 0);
    const properties = ['--role', 'all', '--authentication', 'hmac', '--name', 'to revoke'];
    const revoked = await work.json<Key>(['keys', 'create', ...properties], { env });
    const own = await Promise.all(baseUrls.map(async (baseUrl) => (await logIn(baseUrl, revoked)).token));
    const statuses = () =>
      Promise.all(baseUrls.map((baseUrl, index) => readStatus(baseUrl, own[index] ?? '')));
    expect(await statuses()).toEqual([200, 200]);
    await work.json(['keys', 'revoke', revoked.apiKey], { env });
    await answersWithinASecond(statuses, [401, 401]);
  });

  test('the primary hangs under load: the servers go on with the next one, and nothing acknowledged is lost', async () => {
    startLoad('hung');
    let hung: Node | undefined;
    const { gapMs, sdkGapMs } = await gapOver(async (primary) => {
      hung = primary;
      cluster.signalNode(primary, 'SIGSTOP');
      await cluster.untilPrimaryIsNot(primary);
    });
    process.stdout.write(`hung: ${told(gapMs, sdkGapMs)}\n`);
    cluster.signalNode(hung as Node, 'SIGCONT');
    await cluster.untilWhole();
    await more(BETWEEN / 4);
    await expectAllStored('hung');
  });

  test('an administrator switches over under load: nothing acknowledged is lost', async () => {
    startLoad('switched');
    const { gapMs, sdkGapMs } = await gapOver(async (primary) => {
      const standby = await cluster.synchronousStandby();
      cluster.switchOver(primary, standby);
      expect(await cluster.untilPrimaryIsNot(primary)).toBe(standby);
    });
    process.stdout.write(`switched over: ${told(gapMs, sdkGapMs)}\n`);
    await expectAllStored('switched');
  });

  test.each([
    ['read-write', false],
    ['primary', false],
    ['standby', true],
    ['prefer-standby', true],
  ])('target_session_attrs=%s: each new connection is to such a server', async (attributes, isStandby) => {
    await cluster.untilWhole();
    const connectionString = env.DATABASE_URL?.replace('=read-write', `=${attributes}`);
    const pool = newPool({ connectionString, max: 5 });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        pool.query('SELECT pg_is_in_recovery() AS "isStandby" FROM pg_sleep(0.1)'),
      ),
    );
    await pool.end();
    expect(answers.map(({ rows }) => rows[0].isStandby)).toEqual(Array(5).fill(isStandby));
  });

  test('rollcall doctor says which host is the primary, and which one does not answer', async () => {
    const primary = await cluster.untilWhole();
    const standby = await cluster.synchronousStandby();
    cluster.signalNode(standby, 'SIGKILL');
    const { stdout } = await work.rollcall(['doctor', '--json'], { env });
    cluster.startNode(standby);
    const { findings } = JSON.parse(stdout) as {
      findings: { check: string; state: string; found: string }[];
    };
    const hosts = findings.find(({ check }) => check === 'hosts');
    expect(hosts?.state).toBe('mend');
    expect(hosts?.found).toContain(`${cluster.whereOf(primary)} is the primary`);
    expect(hosts?.found).toContain(`${cluster.whereOf(standby)} does not answer`);
    await cluster.untilWhole();
  });
});
