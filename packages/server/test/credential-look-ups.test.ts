import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createKey } from '../src/auth/manage-keys.ts';
import { generateScimToken } from '../src/auth/scim-tokens.ts';
import { generateToken } from '../src/auth/sessions.ts';
import { basic, login, startTestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';
import { until } from './support/waiting.ts';

const STRANGERS = 300;
/** Answers of two event loop turns may arrive in one. Look-ups return in groups of up to 64. */
const MOST_REFUSED_AT_ONCE = 16;

const server = await startTestServer();
afterAll(() => server.close());
const tenantId = await server.organisation();
const key = await server.key(tenantId);
const ours = { authorization: basic(key) };
const [cookieName] = (await browserWithRole(server, tenantId, 'viewer')).cookie.split('=');

const get = (url: string, headers: Record<string, string> = {}) => server.app.inject({ url, headers });
const users = (headers: Record<string, string>) => get('/v1/analytics/users/basic', headers);
const statusesOf = async (answers: ReturnType<typeof get>[]) =>
  new Set((await Promise.all(answers)).map(({ statusCode }) => statusCode));

/** Every way to present an unknown id or token. */
const STRANGER: Record<string, () => ReturnType<typeof get>> = {
  'HTTP Basic': () => users({ authorization: basic({ apiKey: randomUUID(), secret: 'guess' }) }),
  'an HMAC login': () =>
    server.app.inject({
      method: 'POST',
      url: '/v1/auth',
      payload: login({ apiKey: randomUUID(), secret: 'guess' }, server.clock.nowS),
    }),
  'client credentials': () =>
    server.app.inject({
      method: 'POST',
      url: '/v1/auth/token',
      payload: { client_id: randomUUID(), client_secret: 'guess' },
    }),
  "a session's cookie": () => get('/v1/manage/locations', { cookie: `${cookieName}=${generateToken()}` }),
  'a one-time link': () =>
    server.app.inject({ method: 'POST', url: '/v1/session/link', payload: { token: generateToken() } }),
  'a SCIM token': () => get('/scim/v2/Users', { authorization: `Bearer ${generateScimToken()}` }),
};

describe.each(Object.entries(STRANGER))('Clients that present random ids by %s', (_, present) => {
  test('delay neither requests of known clients nor /readyz', async () => {
    await users(ours);
    const token = await server.token(key);
    let strangers: ReturnType<typeof get>[] = [];
    // Simulates a database that needs very long for each look-up.
    await server.db.owner.inSystem(async (tx) => {
      await tx.query('LOCK TABLE api_key_index, scim_token_index, sessions, sign_in_links');
      strangers = Array.from({ length: STRANGERS }, present);
      expect(await statusesOf(Array.from({ length: 20 }, () => get('/readyz')))).toEqual(new Set([200]));
      const known = [
        ...Array.from({ length: 20 }, () => users(ours)),
        ...Array.from({ length: 20 }, () =>
          get('/v1/manage/locations', { authorization: `Bearer ${token}` }),
        ),
      ];
      expect(await statusesOf(known)).toEqual(new Set([200]));
      expect(await server.token(key)).toMatch(/^ey/);
    });
    expect(await statusesOf(strangers)).toEqual(new Set([401]));
  });

  test('are refused a few at a time, so that the server does other work in between', async () => {
    const refusedIn = new Map<number, number>();
    let turn = 0;
    let isOver = false;
    const countTurns = () => {
      turn++;
      if (!isOver) setImmediate(countTurns);
    };
    countTurns();
    const presentOne = async () => {
      const { statusCode } = await present();
      refusedIn.set(turn, (refusedIn.get(turn) ?? 0) + 1);
      return statusCode;
    };
    const statuses = await Promise.all(Array.from({ length: STRANGERS }, presentOne));
    isOver = true;
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(Math.max(...refusedIn.values())).toBeLessThanOrEqual(MOST_REFUSED_AT_ONCE);
  });

  test('share the round trips to the database', async () => {
    const query = vi.spyOn(pg.Client.prototype, 'query');
    expect(await statusesOf(Array.from({ length: STRANGERS }, present))).toEqual(new Set([401]));
    const lookUps = query.mock.calls.filter(([text]) =>
      /tenant_of_(api_key|scim_token)|look_up_session|open_sign_in_link/.test(String(text)),
    );
    query.mockRestore();
    expect(lookUps.length).toBeLessThan(STRANGERS / 10);
  });
});

test('an unknown id works as soon as a key has it', async () => {
  // The server remembers a failure for a second. Here the clock stands still, so that it would remember it for ever.
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const existing = { apiKey: randomUUID(), secret: 'the secret that its client had before' };
  const caller = { authorization: basic(existing) };
  for (let turn = 0; turn < 3; turn++) expect((await users(caller)).statusCode).toBe(401);
  await createKey(
    { tenantId, name: 'imported', role: 'all', authentication: 'basic', existing },
    { owner: server.db.owner, masterKey: server.masterKey, clock: server.clock.read },
  );
  // The notification is on its way when the command returns. A poll of vitest would advance the clock.
  await until(async () => (await users(caller)).statusCode === 200);
});
