import type { FastifyRequest } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../src/app.ts';
import { createLogger } from '../src/http/logging.ts';
import { Database } from '../src/store/connections/db.ts';
import { entriesOf } from './support/audit.ts';
import { untilAllWait } from './support/locks.ts';
import { basic, login, replicaOf, startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let tenantId: string;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  tenantId = await server.organisation();
});

const REQUEST = { ip: '192.0.2.7', headers: {}, id: 'trace' } as unknown as FastifyRequest;

const ofAction = async (app: App, action: string, of = tenantId) =>
  (await entriesOf({ db: server.db, app }, of)).filter((entry) => entry.action === action);

/** Another server with a connection to the database that a test can cut. */
async function cuttable(): Promise<{ app: App; cut: () => void; mend: () => void; close(): Promise<void> }> {
  const database = new Database({ target: server.db.target, as: 'restricted', poolSize: 2 });
  const app = await replicaOf(server, { database, logger: createLogger('silent') });
  const pipeline = database.runEventPipeline.bind(database);
  const mend = () => {
    database.runEventPipeline = pipeline;
  };
  const cut = () => {
    database.runEventPipeline = () =>
      Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
  };
  return { app, cut, mend, close: () => app.close().then(() => database.close()) };
}

const signIns = (app: App, count: number, ...tenantIds: string[]) => {
  const organisations = tenantIds.map((each) => ({ tenantId: each }));
  const session = { accountId: 'a', email: 'ada@example.com', method: 'password', organisations };
  for (let done = 0; done < count; done++) app.audit.noteSignIn(REQUEST, session);
};

describe('entries that wait in memory', () => {
  test('of one organisation leave room for those of others, and one flush stores all', async () => {
    const other = await server.organisation();
    const { app, cut, mend, close } = await cuttable();
    cut();
    signIns(app, 20_001, tenantId);
    signIns(app, 3, other);
    await app.audit.flush();
    mend();
    await app.audit.flush();
    const stored = await ofAction(app, 'session.begun');
    expect(stored).toHaveLength(17_500);
    expect(await ofAction(app, 'session.begun', other)).toHaveLength(3);
    expect(await ofAction(app, 'audit.lost', other)).toEqual([]);
    const lost = (await ofAction(app, 'audit.lost')).map(({ metadata }) => metadata.entries);
    expect(lost).toEqual([20_001 - 17_500]);
    await close();
  });

  test('and that the database refuses while the server closes are counted by an entry', async () => {
    const { app, close } = await cuttable();
    const owner = (sql: string) => server.db.owner.inSystem((tx) => tx.query(sql));
    await owner(
      'ALTER TABLE audit_entries ADD CONSTRAINT no_sign_in CHECK (action <> $$session.begun$$) NOT VALID',
    );
    try {
      signIns(app, 2, tenantId);
      await close();
    } finally {
      await owner('ALTER TABLE audit_entries DROP CONSTRAINT no_sign_in');
    }
    expect(await ofAction(server.app, 'audit.lost')).toMatchObject([{ metadata: { entries: 2 } }]);
  });
});

describe('failed logins', () => {
  /** Runs `later` while the server looks up the organisations of what `first` noted. Then stores what was noted. */
  async function whileLookedUp(first: () => Promise<void>, later: () => Promise<void>): Promise<void> {
    const { flushed } = await server.db.owner.inSystem(async (tx) => {
      await tx.query('LOCK TABLE account_roles IN ACCESS EXCLUSIVE MODE');
      await first();
      const begun = { flushed: server.app.audit.flush() };
      await untilAllWait(server.db.target);
      await later();
      return begun;
    });
    await flushed;
    await server.app.audit.flush();
  }

  test('that come while earlier ones are looked up have their entries', async () => {
    const [first, later] = [await server.key(tenantId), await server.key(tenantId)];
    const fail = async (...keys: { apiKey: string }[]) => {
      for (const { apiKey } of keys) {
        const payload = login({ apiKey, secret: 'wrong' }, server.clock.nowS);
        const reply = await server.app.inject({ method: 'POST', url: '/v1/auth', payload });
        expect(reply.statusCode).toBe(401);
      }
    };
    await whileLookedUp(
      () => fail(first),
      () => fail(first, later),
    );
    server.clock.advanceS(60);
    const failed = (await ofAction(server.app, 'key.failed')).map(({ targets }) => targets[0]?.reference);
    expect(failed.toSorted()).toEqual([first.apiKey, first.apiKey, later.apiKey].toSorted());
  });

  test('with more ids than the server looks up are counted in its log', async () => {
    const fail = async (ids: string[]) => {
      for (const apiKey of ids) server.app.audit.noteFailedLogin({ by: 'HMAC', apiKey }, REQUEST);
    };
    const random = Array.from({ length: 2_010 }, (_, index) => `random-${index}`);
    await whileLookedUp(
      () => fail(['first']),
      () => fail([...random, 'first']),
    );
    const lines = server.logs.filter((line) => line.includes('failed logins have no entries'));
    expect(lines.map((line) => JSON.parse(line).failures)).toEqual([12]);
  });
});

test('an entry of several events has what they have in common: the address and the browser, if these are equal', async () => {
  const key = await server.key(tenantId, { role: 'submitting-events' });
  const refused = async (remoteAddress: string, agent: string) => {
    const headers = { authorization: basic(key), 'user-agent': agent };
    const reply = await server.app.inject({ url: '/v1/analytics/users/basic', headers, remoteAddress });
    expect(reply.statusCode).toBe(403);
  };
  await refused('192.0.2.1', 'first/1');
  await refused('192.0.2.2', 'second/1');
  await refused('192.0.2.3', 'second/1');
  server.clock.advanceS(60);
  const contexts = (await ofAction(server.app, 'access.refused')).map(({ context }) => context);
  expect(contexts).toEqual([
    { address: '192.0.2.1', userAgent: 'first/1', correlationId: expect.any(String) },
    { address: null, userAgent: 'second/1', correlationId: null },
  ]);
  const failing = (remoteAddress: string) =>
    server.app.inject({
      method: 'POST',
      url: '/v1/auth',
      payload: login({ ...key, secret: 'wrong' }, server.clock.nowS),
      headers: { 'user-agent': 'third/1' },
      remoteAddress,
    });
  await failing('192.0.2.4');
  await failing('192.0.2.5');
  server.clock.advanceS(60);
  const failed = (await ofAction(server.app, 'key.failed')).map(({ context }) => context.userAgent);
  expect(failed.length).toBeGreaterThan(0);
  expect(new Set(failed)).toEqual(new Set(['third/1']));
});
