import { decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type App, createApp } from '../src/app.ts';
import { rotateKey, type ShownKey } from '../src/auth/manage-keys.ts';
import { renewInstance, rotateSigningKey, signingKeysOf } from '../src/auth/manage-signing-keys.ts';
import { MasterKeys } from '../src/auth/master-keys.ts';
import { ensureSigningKey } from '../src/auth/signing-keys.ts';
import { defaults, SERVER_SETTINGS } from '../src/config.ts';
import { createLogger } from '../src/http/logging.ts';
import { restore } from '../src/store/backup/restore.ts';
import { Database } from '../src/store/connections/db.ts';
import { migrate } from '../src/store/schema/migrate.ts';
import { backupToBuffer, createEmptyDatabase, opening } from './support/backup.ts';
import { basic, login, startTestServer } from './support/server.ts';
import { answersWithinASecond } from './support/waiting.ts';

const LIFE_S = 3_600;
const DAY_S = 86_400;
const server = await startTestServer();
afterAll(() => server.close());
const { app, clock, db, masterKey } = server;
const tenantId = await server.organisation();
const beganMs = clock.nowMs;
afterEach(() => {
  clock.nowMs = beganMs;
});
const deps = { owner: db.owner, masterKey, clock: clock.read };

describe('a token of a rotated key', () => {
  test('is refused by every replica within a second if the old secret has no grace period', async () => {
    const other = await replica();
    const key = await server.key(tenantId);
    const token = await server.token(key);
    for (const one of [app, other]) expect(await statusFor(token, one)).toBe(200);
    const { secret } = await rotate(key, 0);
    await refusedByBoth(token, other);
    expect(await statusFor(await tokenOf({ ...key, secret }), other)).toBe(200);
  });

  test('works until the old secret ends, and no longer', async () => {
    const key = await server.key(tenantId);
    const token = await server.token(key);
    await rotate(key, 600);
    clock.advanceS(599);
    expect(await statusFor(token)).toBe(200);
    clock.advanceS(1);
    await answersWithinASecond(() => statusFor(token), 401);
  });

  test("belongs to the proved secret, and its stated expiry is never later than that secret's", async () => {
    const key = await server.key(tenantId);
    const { secret } = await rotate(key, 600);
    const byOld = await logIn(key);
    const byNew = await logIn({ ...key, secret });
    expect(byOld.expiration).toBe(clock.nowS + 600);
    expect(decodeJwt(byOld.token)).toMatchObject({ secret_version: 1, exp: clock.nowS + 600 });
    expect(byNew.expiration).toBe(clock.nowS + LIFE_S);
    expect(decodeJwt(byNew.token)).toMatchObject({ secret_version: 2 });
    const granted = await app.inject({
      method: 'POST',
      url: '/v1/auth/token',
      headers: { authorization: basic(key) },
    });
    expect(granted.json()).toMatchObject({ expires_in: 600 });
    // Each secret gets its own token again.
    await expect
      .poll(async () => {
        const [one, other] = [await tokenOf(key), await tokenOf({ ...key, secret })];
        return [one === (await tokenOf(key)), other === (await tokenOf({ ...key, secret }))];
      })
      .toEqual([true, true]);
    clock.advanceS(600);
    expect(await statusFor(byOld.token)).toBe(401);
    expect(await statusFor(byNew.token)).toBe(200);
  });

  test('is refused after a second rotation, even within the grace period of the first one', async () => {
    const key = await server.key(tenantId);
    const token = await server.token(key);
    await rotate(key, DAY_S);
    expect(await statusFor(token)).toBe(200);
    await rotate(key, DAY_S);
    await answersWithinASecond(() => statusFor(token), 401);
  });

  test('works on a replica that does not know the rotation yet', async () => {
    const other = await replica();
    const key = await server.key(tenantId);
    for (let round = 0; round < 5; round++) {
      expect(await statusFor(await server.token(key))).toBe(200);
      key.secret = (await rotate(key, 0)).secret;
      expect(await statusFor(await tokenOf(key, other))).toBe(200);
    }
  });

  test('needs no round trip to the database', async () => {
    const key = await server.key(tenantId);
    const token = await server.token(key);
    await rotate(key, DAY_S);
    const asks = async () => {
      const query = vi.spyOn(pg.Client.prototype, 'query');
      expect(await statusFor(token)).toBe(200);
      const asked = query.mock.calls.some(([text]) => /tenant_of_api_key|signing_keys/.test(String(text)));
      query.mockRestore();
      return asked;
    };
    await expect.poll(asks).toBe(false);
  });
});

describe('a rotated signing key', () => {
  test('signs at once, and the old key verifies for as long as its tokens may live', async () => {
    const other = await replica();
    const key = await server.key(tenantId);
    const old = await server.token(key);
    const kid = await rotateSigningKey({ now: false }, deps);
    expect(await statusFor(await signedBy(kid, key, other), app)).toBe(200);
    await signedBy(kid, key, app);
    expect(kidOf(old)).not.toBe(kid);
    expect(await statusFor(old)).toBe(200);
    expect(await publishedKids()).toEqual([kid, kidOf(old)]);

    // One second more, for keys with the same creation time.
    clock.advanceS(LIFE_S + 60 + 60 + 1);
    expect(await publishedKids()).toEqual([kid]);
    clock.nowMs = beganMs;

    clock.advanceS(8 * DAY_S);
    await rotateSigningKey({ now: false }, deps);
    clock.advanceS(1);
    await rotateSigningKey({ now: false }, deps);
    expect((await signingKeysOf(db.owner)).map((row) => row.kid)).not.toContain(kidOf(old));
  });

  test('ends all earlier tokens at once if requested, on every replica within a second', async () => {
    const other = await replica();
    const key = await server.key(tenantId);
    const token = await server.token(key);
    for (const one of [app, other]) expect(await statusFor(token, one)).toBe(200);
    const kid = await rotateSigningKey({ now: true }, deps);
    await refusedByBoth(token, other);
    expect(await publishedKids()).toEqual([kid]);
    expect(await statusFor(await server.token(key), other)).toBe(200);
  });
});

describe('another instance', () => {
  test('has another id and signing key after renewal, and refuses all earlier tokens', async () => {
    const other = await replica();
    const key = await server.key(tenantId);
    const token = await server.token(key);
    for (const one of [app, other]) expect(await statusFor(token, one)).toBe(200);
    const instanceId = await renewInstance(deps);
    await refusedByBoth(token, other);
    const renewed = await server.token(key);
    expect(decodeJwt(renewed).instance).toBe(instanceId);
    expect(decodeJwt(token).instance).not.toBe(instanceId);
    expect(kidOf(renewed)).not.toBe(kidOf(token));
    expect(await statusFor(renewed, other)).toBe(200);
  });

  test('is the result of a restore: neither instance accepts the tokens of the other', async () => {
    const key = await server.key(tenantId);
    const token = await server.token(key);
    const { file } = await backupToBuffer(db.target, { masterKeys: [masterKey.bytes()] });
    const { target, drop } = await createEmptyDatabase();
    onTestFinished(drop);
    await restore({ target, input: opening(file) });
    const owner = new Database({ target, as: 'owner', poolSize: 1, exportPoolSize: 1 });
    await ensureSigningKey(owner, masterKey, new Date(clock.nowMs));
    await owner.close();
    const copy = await replica(target);
    expect(await statusFor(token, copy)).toBe(401);
    const its = await tokenOf(key, copy);
    expect(await statusFor(its, copy)).toBe(200);
    expect(await statusFor(its, app)).toBe(401);
    expect(decodeJwt(its).instance).not.toBe(decodeJwt(token).instance);
  });

  test('is not the result of a start', async () => {
    const key = await server.key(tenantId);
    const token = await server.token(key);
    await migrate(db.target);
    expect(decodeJwt(await tokenOf(key, await replica())).instance).toBe(decodeJwt(token).instance);
  });
});

/** Every way to end a token takes effect within a second, like a revocation. */
const refusedByBoth = (token: string, other: App) =>
  Promise.all([app, other].map((one) => answersWithinASecond(() => statusFor(token, one), 401)));

const kidOf = (token: string) => decodeProtectedHeader(token).kid;

function rotate(key: ShownKey, graceS: number): Promise<ShownKey> {
  return rotateKey({ apiKey: key.apiKey, graceMs: graceS * 1_000 }, deps);
}

async function logIn(key: ShownKey, to: App = app): Promise<{ token: string; expiration: number }> {
  const reply = await to.inject({ method: 'POST', url: '/v1/auth', payload: login(key, clock.nowS) });
  expect(reply.statusCode, reply.body).toBe(200);
  return reply.json();
}

async function tokenOf(key: ShownKey, to: App = app): Promise<string> {
  return (await logIn(key, to)).token;
}

/** A token that the replica signed with this key. The replica learns of the key within a second. */
async function signedBy(kid: string, key: ShownKey, to: App): Promise<string> {
  await answersWithinASecond(async () => kidOf(await tokenOf(key, to)), kid);
  return tokenOf(key, to);
}

async function publishedKids(): Promise<unknown[]> {
  const { keys } = (await app.inject('/.well-known/jwks.json')).json() as { keys: JWK[] };
  return keys.map(({ kid }) => kid);
}

async function statusFor(token: string, to: App = app): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await to.inject({ url: '/v1/analytics/users', headers })).statusCode;
}

/** Another server on the database, with connections of its own. */
async function replica(target = db.target): Promise<App> {
  const database = new Database({ target, as: 'restricted', poolSize: 2, exportPoolSize: 1 });
  const other = await createApp({
    config: defaults(SERVER_SETTINGS),
    database,
    masterKey: new MasterKeys([masterKey]),
    logger: createLogger('silent'),
    lifecycle: { migrated: true },
    clock: clock.read,
  });
  onTestFinished(() => other.close().then(() => database.close()));
  return other;
}
