import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EmbeddedServer, joinEmbedded } from '../../src/embedded/index.ts';
import { passwordOf, ROLES } from '../../src/embedded/secret.ts';
import { Database } from '../../src/store/connections/db.ts';
import { query } from '../embedded/support.ts';
import { addOffice, addUser, type Office } from '../support/directory.ts';
import { warnUnless } from '../support/not-run.ts';
import { basic, login } from '../support/server.ts';
import { answersWithinASecond } from '../support/waiting.ts';
import { releaseWith } from './release-support.ts';
import {
  type Ask,
  Balancer,
  balancerDir,
  Client,
  configurationIn,
  hasHaproxy,
  hasNginx,
  Load,
  makeCertificate,
  REPLICAS,
  type Replica,
  Replicas,
  silence,
} from './replicas-support.ts';
import { expectOneSentence, freePort, type Key, superuserOf, until, Workspace } from './support.ts';

/** Requests at a time. */
const CLIENTS = 32;
const REQUESTS = 10_000;
/** How much goes on before and after each step of a rolling restart. */
const BETWEEN = 300;
/** An hour ago. Each event is a millisecond later than the one before. */
const SINCE_MS = Date.now() - 3_600_000;

warnUnless(hasHaproxy, 'there is no HAProxy or the user is not root', 'several servers');
warnUnless(hasNginx, 'there is no nginx or the user is not root', 'its configuration');

let work: Workspace;
let embedded: EmbeddedServer;
beforeAll(async () => {
  work = await Workspace.create();
  embedded = await joinEmbedded({ dataDir: work.path('data'), purpose: 'serve', name: 'a test' });
});
afterAll(async () => {
  await embedded?.release();
  await work?.close();
});

/** Three servers on a new database behind a balancer, with an organisation. */
class Site {
  readonly replicas: Replicas;
  readonly balancer: Balancer;
  readonly client: Client;
  readonly admin: Awaited<ReturnType<typeof superuserOf>>;
  readonly env: Record<string, string>;
  readonly key: Key;
  readonly office: Office;
  readonly userId: string;

  private constructor(made: Omit<Site, 'start' | 'stop' | 'close' | 'token' | 'event' | 'stored'>) {
    this.replicas = made.replicas;
    this.balancer = made.balancer;
    this.client = made.client;
    this.admin = made.admin;
    this.env = made.env;
    this.key = made.key;
    this.office = made.office;
    this.userId = made.userId;
  }

  static async create(name: string, program: 'haproxy' | 'nginx'): Promise<Site> {
    const superuser = await superuserOf(work.path('data'));
    await query(superuser, `CREATE DATABASE ${name} OWNER ${ROLES.owner}`);
    const urlAs = async (role: string) => {
      const password = await passwordOf(work.path('data'), role);
      const where = new URLSearchParams({ host: String(superuser.host), port: String(superuser.port) });
      return `postgres://${role}:${password}@/${name}?${where}`;
    };
    const env = {
      DATABASE_URL: await urlAs(ROLES.owner),
      ROLLCALL_MASTER_KEY: randomBytes(32).toString('base64'),
    };
    const port = await freePort();
    const ports = { a: await freePort(), b: await freePort(), c: await freePort() };
    const replicas = new Replicas(work, ports, {
      env: { ...env, ROLLCALL_SERVING_DATABASE_URL: await urlAs(ROLES.serving), ROLLCALL_JOBS: 'on' },
      args: [
        ...['--public-url', `https://localhost:${port}`, '--trust-proxy', '127.0.0.1'],
        // The embedded database takes 100 connections.
        ...['--database-pool-size', '4', '--export-pool-size', '2', '--list-pool-size', '2'],
      ],
    });
    const properties = ['--role', 'all', '--authentication', 'hmac', '--name', 'test'];
    const key = await work.json<Key>(['keys', 'create', ...properties], { env });
    const admin = { ...superuser, database: name };
    const owner = new Database({ target: admin, as: 'owner' });
    const { rows } = await owner.inSystem((tx) => tx.query('SELECT tenant_id AS id FROM organisations'));
    const office = await addOffice(owner, rows[0].id, 'UTC');
    const { userId } = await addUser(owner, rows[0].id);
    await owner.close();

    const dir = balancerDir(work, name);
    const ca = makeCertificate(dir);
    const file = program === 'haproxy' ? 'haproxy.cfg' : 'nginx.conf';
    const balancer = new Balancer(program, dir, configurationIn(dir, file, { port, ports }));
    const client = new Client(port, ca, 2 * CLIENTS);
    return new Site({ replicas, balancer, client, admin, env, key, office, userId });
  }

  /** Starts what does not run, and waits until HAProxy knows. */
  async start(): Promise<void> {
    await this.replicas.startAll();
    await this.balancer.untilUp();
  }

  async close(): Promise<void> {
    this.client.close();
    await this.replicas.stopAll();
    await this.balancer.stop();
  }

  /** A token, through the balancer. */
  async token(): Promise<string> {
    const body = login(this.key, Math.floor(Date.now() / 1_000));
    const answer = await this.client.send({ method: 'POST', path: '/v1/auth', body });
    expect(answer.status).toBe(200);
    return (JSON.parse(answer.body) as { token: string }).token;
  }

  /** The request with one presence event. */
  event(eventId: string, headers: Record<string, string>): Ask {
    const { userId, office } = this;
    const timestamp = new Date(SINCE_MS + Number(eventId.split(' ').at(-1))).toISOString();
    const event = { eventId, timestamp, userId, locationType: 'place', locationId: office.placeId };
    const body = { sourceId: 'load', presenceEvents: [event] };
    return { method: 'POST', path: '/v1/presence', headers, body };
  }

  /** The ids of stored events that begin with `name`, one for each row, in order. */
  async stored(name: string): Promise<string[]> {
    const rows = await query<{ id: string }>(
      this.admin,
      `SELECT event_id AS id FROM rollcall.presence_events WHERE event_id LIKE '${name} %' ORDER BY event_id`,
    );
    return rows.map(({ id }) => id);
  }
}

const isStored = (body: string) =>
  (JSON.parse(body) as { results: { resultCode: number }[] }).results.every(
    ({ resultCode }) => resultCode === 0,
  )
    ? undefined
    : body;

/** A load of events, reads and logins. All of them may run twice. */
async function mixedLoad(
  site: Site,
  name: string,
  { retries, total }: { retries: number; total?: number },
): Promise<{ load: Load; acknowledged: string[] }> {
  const headers = { authorization: `Bearer ${await site.token()}` };
  const acknowledged: string[] = [];
  const isEvent = (number: number) => number % 10 > 1;
  const load = new Load(site.client, {
    clients: CLIENTS,
    retries,
    ...(total && { total }),
    ask: (number) => {
      if (isEvent(number)) return site.event(`${name} ${number}`, headers);
      if (number % 10 === 1) return { method: 'GET', path: '/v1/analytics/users', headers };
      return { method: 'POST', path: '/v1/auth', body: login(site.key, Math.floor(Date.now() / 1_000)) };
    },
    judge: (number, body) => {
      if (!isEvent(number)) return undefined;
      acknowledged.push(`${name} ${number}`);
      return isStored(body);
    },
  });
  return { load, acknowledged };
}

/** A load of changes that must not run twice. Each makes a desk. */
async function changesLoad(site: Site, name: string): Promise<{ load: Load; made: string[] }> {
  const headers = { authorization: `Bearer ${await site.token()}` };
  const made: string[] = [];
  const load = new Load(site.client, {
    clients: 4,
    retries: 0,
    ask: (number) => ({
      method: 'POST',
      path: '/v1/manage/desks',
      headers,
      body: { items: [{ deskName: `${name} ${number}`, zoneId: site.office.zoneId }] },
    }),
    judge: (number, body) => {
      made.push(`${name} ${number}`);
      const { results } = JSON.parse(body) as { results: { result: string }[] };
      return results[0]?.result === 'created' ? undefined : body;
    },
  });
  return { load, made };
}

/** Expects the server to take a body that fits into no buffer of the balancer. */
async function expectLargeBody(site: Site): Promise<void> {
  const items = Array.from({ length: 1_000 }, (_, number) => ({
    deskName: `large ${number} ${'x'.repeat(150)}`,
    zoneId: site.office.zoneId,
  }));
  const headers = { authorization: `Bearer ${await site.token()}` };
  const ask: Ask = { method: 'POST', path: '/v1/manage/desks', headers, body: { items } };
  const { status, body } = await site.client.send(ask);
  expect(status).toBe(200);
  const { results } = JSON.parse(body) as { results: { result: string }[] };
  expect(results.map(({ result }) => result)).toEqual(items.map(() => 'created'));
}

/** Waits until this many more requests have been answered. */
function more(load: Load, count: number): Promise<void> {
  const goal = load.answered + count;
  return until(() => load.answered >= goal);
}

describe.skipIf(!hasHaproxy)('Three servers behind the HAProxy of docs/replicas/haproxy.cfg', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.create('shared', 'haproxy');
  });
  beforeEach(() => site.start());
  afterAll(() => site?.close());

  test('one is killed under load: no acknowledged event is lost, and clients with one retry see no error', async () => {
    const before = await site.balancer.sentElsewhere();
    const { load, acknowledged } = await mixedLoad(site, 'killed', { total: REQUESTS, retries: 1 });
    await until(() => load.answered >= REQUESTS / 3 && load.inHand >= CLIENTS / 2);
    await site.replicas.kill('b');
    await load.done;
    const elsewhere = (await site.balancer.sentElsewhere()) - before;
    process.stdout.write(`killed: HAProxy sent ${elsewhere} requests again, clients ${load.repeated}\n`);
    // HAProxy needs a second to notice, and requests that went to the killed server went on to another one.
    expect(elsewhere).toBeGreaterThan(0);
    expect(load.errors).toEqual([]);
    expect(load.answered).toBe(REQUESTS);
    expect(await site.stored('killed')).toEqual(acknowledged.sort());
  });

  test('each is stopped and started in turn under load: events, reads and logins have no error, without a retry', async () => {
    const { load, acknowledged } = await mixedLoad(site, 'rolling', { retries: 0 });
    for (const replica of REPLICAS) {
      await more(load, BETWEEN);
      await site.replicas.stop(replica);
      await more(load, BETWEEN);
      await site.replicas.start(replica);
      await site.balancer.untilUp();
    }
    await load.stop();
    process.stdout.write(`rolling: ${load.answered} requests\n`);
    expect(load.errors).toEqual([]);
    expect(await site.stored('rolling')).toEqual(acknowledged.sort());
  });

  test('a large body passes', () => expectLargeBody(site));

  test('a session goes on on every server, and one that ends and a revoked key are refused everywhere within a second', async () => {
    const { token } = await work.json<{ token: string }>(['admins', 'create', 'ada@example.com'], {
      env: site.env,
    });
    const headers = { 'sec-fetch-site': 'same-origin' };
    const body = { token, password: 'correct horse battery' };
    const signedIn = await site.client.send({ method: 'POST', path: '/v1/session/link', headers, body });
    const cookie = String(signedIn.headers['set-cookie']?.[0]?.split(';', 1)[0]);
    // The name says that the server knows from the balancer that the browser uses TLS.
    expect(cookie).toMatch(/^__Host-rollcall=/);
    const browser = { ...headers, cookie };
    // As the balancer asks a server.
    const statusOf = async (replica: Replica, path: string, sent: Record<string, string>) => {
      const url = `${site.replicas.urlOf(replica)}${path}`;
      const reply = await fetch(url, { headers: { ...sent, 'x-forwarded-proto': 'https' } });
      await reply.arrayBuffer();
      return reply.status;
    };
    const everywhere = async (path: string, sent: Record<string, string>) =>
      Promise.all(REPLICAS.map((replica) => statusOf(replica, path, sent)));
    const refusedWithinASecond = (path: string, sent: Record<string, string>) =>
      Promise.all(REPLICAS.map((replica) => answersWithinASecond(() => statusOf(replica, path, sent), 401)));

    expect(await everywhere('/v1/session', { cookie })).toEqual([200, 200, 200]);
    await site.replicas.stop('a');
    for (let count = 0; count < 4; count++) {
      const answer = await site.client.send({ method: 'GET', path: '/v1/session', headers: { cookie } });
      expect(answer.status).toBe(200);
    }
    await site.start();

    const properties = ['--role', 'all', '--authentication', 'basic', '--name', 'to revoke'];
    const key = await work.json<Key>(['keys', 'create', ...properties], { env: site.env });
    const authorization = { authorization: basic(key) };
    expect(await everywhere('/v1/analytics/users/basic', authorization)).toEqual([200, 200, 200]);
    const path = `/v1/manage/keys/${key.apiKey}`;
    const revoked = await site.client.send({ method: 'DELETE', path, headers: browser });
    expect(revoked.status).toBe(204);
    await refusedWithinASecond('/v1/analytics/users/basic', authorization);

    const signedOut = await site.client.send({ method: 'DELETE', path: '/v1/session', headers: browser });
    expect(signedOut.status).toBe(204);
    await refusedWithinASecond('/v1/session', { cookie });
  });

  test('all run jobs, and none runs one while another one does', async () => {
    await query(
      site.admin,
      `CREATE TABLE public.job_log (id bigserial PRIMARY KEY, name text, event text);
       CREATE FUNCTION public.log_job() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
       BEGIN
         INSERT INTO public.job_log (name, event)
         VALUES (NEW.name, CASE WHEN NEW.ended_at IS NULL THEN 'start' ELSE coalesce(NEW.failure, 'end') END);
         RETURN NULL;
       END $$;
       CREATE TRIGGER log_job AFTER INSERT OR UPDATE ON rollcall.job_runs
         FOR EACH ROW EXECUTE FUNCTION public.log_job()`,
    );
    const jobs = ['erase', 'retention', 'audit', 'horizon'];
    const queued = async () => {
      const sql = 'SELECT locked_by AS worker FROM rollcall_jobs._private_jobs WHERE key IS NULL';
      return (await query<{ worker: string | null }>(site.admin, sql)).map(({ worker }) => worker);
    };
    // A server has two workers.
    const workers = new Set<string>();
    await until(async () => {
      const now = await queued();
      for (const worker of now) if (worker !== null) workers.add(worker);
      if (now.length < 50)
        for (const job of jobs)
          await query(site.admin, `SELECT rollcall_jobs.add_job('${job}') FROM generate_series(1, 25)`);
      return workers.size === 2 * REPLICAS.length;
    });
    await until(async () => (await queued()).length === 0);
    const log = await query<{ name: string; event: string }>(
      site.admin,
      'SELECT name, event FROM public.job_log ORDER BY id',
    );
    for (const job of jobs) {
      const events = log.filter(({ name }) => name === job).map(({ event }) => event);
      // It may have been running already.
      if (events[0] === 'end') events.shift();
      expect(events.length).toBeGreaterThan(1);
      expect(events).toEqual(events.map((_, index) => (index % 2 === 0 ? 'start' : 'end')));
    }
  });
});

describe.skipIf(!hasHaproxy)('Three servers of an earlier release behind HAProxy', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.create('upgraded', 'haproxy');
    await site.start();
  });
  afterAll(() => site?.close());

  test('go on while a later one has migrated, and are replaced one after the other: clients without a retry see no error', async () => {
    const later = await releaseWith(
      work,
      '9999_adds',
      `CREATE TABLE additions (tenant_id uuid, addition text, PRIMARY KEY (tenant_id, addition));
       ALTER TABLE users ADD COLUMN addition text`,
      { rolling: true },
    );
    const { load, acknowledged } = await mixedLoad(site, 'upgraded', { retries: 0 });
    const changes = await changesLoad(site, 'upgraded');
    for (const [index, replica] of REPLICAS.entries()) {
      await more(load, BETWEEN);
      await site.balancer.drain(replica);
      await site.replicas.stop(replica);
      await site.replicas.start(replica, later);
      await site.balancer.takeBack(replica);
      await more(load, BETWEEN);
      for (const earlier of REPLICAS.slice(index + 1)) {
        // Past the balancer, which would hide it by asking another one.
        expect((await fetch(`${site.replicas.urlOf(earlier)}/readyz`)).status).toBe(200);
      }
    }
    await more(changes.load, 10);
    await Promise.all([load.stop(), changes.load.stop()]);
    process.stdout.write(`upgraded: ${load.answered} requests, and ${changes.load.answered} changes\n`);
    expect(load.errors).toEqual([]);
    expect(changes.load.errors).toEqual([]);
    expect(await site.stored('upgraded')).toEqual(acknowledged.sort());
    const desks = await query<{ name: string }>(
      site.admin,
      "SELECT name FROM rollcall.nodes WHERE name LIKE 'upgraded %' ORDER BY name",
    );
    expect(desks.map(({ name }) => name)).toEqual(changes.made.sort());

    expectOneSentence(
      await work.rollcall(['orgs', 'list'], { env: site.env }),
      /^rollcall: This database was written by a newer Rollcall \(it has migration 9999_adds\); .*\.\n$/,
    );
  });
});

describe.skipIf(!hasNginx)('Three servers behind the nginx of docs/replicas/nginx.conf', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.create('behind_nginx', 'nginx');
    await site.replicas.startAll();
  });
  afterAll(() => site?.close());

  test('nginx finds no fault in it, and a large body passes', async () => {
    const { stderr } = spawnSync('nginx', ['-t', '-c', work.path('behind_nginx/nginx.conf')], {
      encoding: 'utf8',
    });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/ syntax is ok$/),
      expect.stringMatching(/ test is successful$/),
    ]);
    await expectLargeBody(site);
  });

  test('one is killed under load: no acknowledged event is lost, and clients with one retry see no error', async () => {
    const { load, acknowledged } = await mixedLoad(site, 'nginx', { total: REQUESTS / 4, retries: 1 });
    await until(() => load.answered >= REQUESTS / 12 && load.inHand >= CLIENTS / 2);
    await site.replicas.kill('b');
    await load.done;
    process.stdout.write(
      `nginx: ${load.repeated} of ${load.answered} requests were sent again by their client\n`,
    );
    expect(load.errors).toEqual([]);
    expect(await site.stored('nginx')).toEqual(acknowledged.sort());
  });

  test('one does not answer any packet: every request goes to another one, without a retry', async () => {
    await site.replicas.startAll();
    await site.replicas.kill('b');
    const endSilence = await silence(site.replicas.ports.b);
    const { load, acknowledged } = await mixedLoad(site, 'silent', { total: REQUESTS / 20, retries: 0 });
    const changes = await changesLoad(site, 'silent');
    await load.done;
    await more(changes.load, 10);
    await changes.load.stop();
    await endSilence();
    expect([...load.errors, ...changes.load.errors]).toEqual([]);
    expect(await site.stored('silent')).toEqual(acknowledged.sort());
  });
});
