import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { rotateKey, type ShownKey } from '../src/auth/manage-keys.ts';
import { checkOf, MasterKeys } from '../src/auth/master-keys.ts';
import { masterKeyStatus, rotateMasterKey } from '../src/auth/rotate-master-key.ts';
import { MasterKey } from '../src/auth/secrets.ts';
import { createLogger } from '../src/http/logging.ts';
import { ensureMasterKeyCheck, findMasterKeyChecks } from '../src/store/schema/instance.ts';
import { basic, login, replicaOf, startTestServer, type TestServer } from './support/server.ts';
import { until } from './support/waiting.ts';

let server: TestServer;
let tenantId: string;
/** The source of the keys of all processes here. */
let source: MasterKey[];
let command: MasterKeys;

beforeEach(async () => {
  server = await startTestServer();
  tenantId = await server.organisation();
  source = [server.masterKey];
  command = new MasterKeys(source, async () => source);
  command.adopt(await server.db.owner.inSystem((tx) => ensureMasterKeyCheck(tx, checkOf(server.masterKey))));
  // The server of `startTestServer` has one key only, and cannot get another.
  await server.app.close();
  await until(async () => (await status()).servers.length === 0);
});
afterEach(() => server.close());

/** A server that reads its keys from `keys`, and the lines of its log. */
async function serve(keys: () => MasterKey[] = () => source) {
  const lines: string[] = [];
  const masterKeys = new MasterKeys(keys(), async () => keys());
  const before = (await status()).servers.length;
  const app = await replicaOf(server, {
    masterKey: masterKeys,
    logger: createLogger('info', { write: (line: string) => lines.push(line) } as never),
  });
  await app.ready();
  onTestFinished(() => app.close());
  await until(async () => (await status()).servers.length > before);
  const logIn = async (key: { apiKey: string; secret: string }) =>
    (await app.inject({ method: 'POST', url: '/v1/auth', payload: login(key, server.clock.nowS) }))
      .statusCode;
  return { app, masterKeys, lines, logIn };
}

/** Adds a key to the source, as an operator does. */
async function addKey(): Promise<MasterKey> {
  const next = MasterKey.generate();
  source = [...source, next];
  await command.reload(await server.db.owner.inSystem(findMasterKeyChecks));
  return next;
}

const rotate = (onProgress?: (done: number, total: number) => void) =>
  rotateMasterKey({ owner: server.db.owner, masterKeys: command, ...(onProgress ? { onProgress } : {}) });

const status = () => masterKeyStatus(server.db.owner);

test('a rotation seals everything with the next key, and servers that run hear of it', async () => {
  const { logIn, masterKeys } = await serve();
  const key = await server.key(tenantId);
  const rotated = await rotateKey(
    { apiKey: (await server.key(tenantId)).apiKey, graceMs: 60_000 },
    { owner: server.db.owner, masterKey: command, clock: server.clock.read },
  );
  expect(await logIn(key)).toBe(200);
  const next = await addKey();

  // A signing key, two secrets, and a former secret.
  expect(await rotate()).toBe(4);

  expect((await status()).sealed).toEqual(new Map([[next.id, 4]]));
  expect((await status()).isRotating).toBe(false);
  expect([await logIn(key), await logIn(rotated)]).toEqual([200, 200]);
  expect(masterKeys.current.id).toBe(next.id);
  // The old key is not needed any more, also by a server that starts now.
  source = [next];
  const fresh = await serve();
  expect([await fresh.logIn(key), await fresh.logIn(rotated)]).toEqual([200, 200]);
});

test('a rotation that ends in the middle goes on when it is called again, and no login fails meanwhile', async () => {
  const keys: ShownKey[] = [];
  while (keys.length < 150) keys.push(await server.key(tenantId));
  const { logIn } = await serve();
  const next = await addKey();
  const statuses: number[] = [];
  const killed = rotate((done) => {
    if (done >= 100) throw new Error('killed');
  });
  await expect(killed).rejects.toThrow('killed');
  const { isRotating, sealed } = await status();
  expect(isRotating).toBe(true);
  expect(sealed.get(next.id)).toBe(101);
  for (const key of keys) statuses.push(await logIn(key));

  // Another process, which knows only what the source and the database say.
  command = new MasterKeys(source, async () => source);
  let logins: Promise<void> | undefined;
  expect(
    await rotate(() => {
      logins ??= Promise.all(keys.map(logIn)).then((all) => void statuses.push(...all));
    }),
  ).toBe(50);
  await logins;
  expect((await status()).sealed).toEqual(new Map([[next.id, 151]]));
  for (const key of keys) statuses.push(await logIn(key));
  expect(statuses).toHaveLength(450);
  expect([...new Set(statuses)]).toEqual([200]);
});

test('what older releases sealed, without the id of the key, opens before, during and after a rotation', async () => {
  const key = await server.key(tenantId);
  await withoutKeyIds();
  const { logIn } = await serve();
  expect(await logIn(key)).toBe(200);
  const next = await addKey();
  await expect(
    rotate(() => {
      throw new Error('killed');
    }),
  ).rejects.toThrow('killed');
  expect(await logIn(key)).toBe(200);
  await rotate();
  expect((await status()).sealed).toEqual(new Map([[next.id, 2]]));
  expect(await logIn(key)).toBe(200);
});

test('a rotation changes nothing until every server has the next key, and then goes on', async () => {
  const [former] = source;
  let late = source;
  const { logIn } = await serve(() => late);
  const key = await server.key(tenantId);
  const next = await addKey();
  const rotation = rotate();
  await expect.poll(status).toMatchObject({ isRotating: false, servers: [{ masterKeyIds: [former?.id] }] });
  expect(await logIn(key)).toBe(200);
  late = source;
  await rotation;
  await expect.poll(status).toMatchObject({ servers: [{ masterKeyIds: [next.id, former?.id] }] });
});

test('a server whose source lost the present key keeps it, and the rotation waits for that server', async () => {
  let late = source;
  const { lines, logIn } = await serve(() => late);
  const key = await server.key(tenantId);
  const next = await addKey();
  late = [next];
  const rotation = rotate();
  await until(() => lines.some((line) => line.includes('or lack one that is in use')));
  expect(await status()).toMatchObject({ isRotating: false });
  expect(await logIn(key)).toBe(200);
  late = source;
  await rotation;
  expect(await logIn(key)).toBe(200);
});

test('a server that lacks the new key says so in its log, and serves when it gets the key', async () => {
  const key = await server.key(tenantId);
  const old = source;
  const next = await addKey();
  await rotate();
  let given = old;
  const { app, lines, logIn, masterKeys } = await serve(() => given);
  const missing = `The database was set up with another master key; use that key (${next.id}).`;
  await until(() => lines.some((line) => line.includes(missing)));
  expect(await logIn(key)).toBe(500);
  expect(lines.join('')).toContain(`sealed with the master key ${next.id}, which this process does not have`);
  given = source;
  await server.db.owner.inSystem((tx) =>
    tx.query(`SELECT pg_notify('rollcall_changes', '{"masterKeys": true}')`),
  );
  await until(() => masterKeys.current.id === next.id);
  expect(await logIn(key)).toBe(200);
  const headers = { authorization: basic(key) };
  expect((await app.inject({ url: '/v1/analytics/users/basic', headers })).statusCode).toBe(200);
});

test('a server that cannot read its keys again goes on with those that it has', async () => {
  const key = await server.key(tenantId);
  let isBroken = false;
  const { lines, logIn } = await serve(() => {
    if (isBroken) throw new Error('a secret that the command printed');
    return source;
  });
  isBroken = true;
  // The server may not listen yet when it is ready.
  await until(async () => {
    await server.db.owner.inSystem((tx) =>
      tx.query(`SELECT pg_notify('rollcall_changes', '{"masterKeys": true}')`),
    );
    return lines.some((line) => line.includes('cannot be read again from their source'));
  });
  expect(lines.join('')).not.toContain('a secret');
  expect(await logIn(key)).toBe(200);
});

test('what a late server seals with the former key is sealed anew by the next call', async () => {
  const next = await addKey();
  await rotate();
  const [former] = source;
  await server.key(tenantId);
  expect((await status()).sealed.get(former?.id ?? '')).toBe(1);
  expect(await rotate()).toBe(1);
  expect((await status()).sealed).toEqual(new Map([[next.id, 2]]));
  await expect(rotate()).rejects.toThrow(/^There is no new master key\./);
});

test('a process with one of the two keys of an unfinished rotation is refused', async () => {
  await server.key(tenantId);
  const [former] = source as [MasterKey];
  const next = await addKey();
  await expect(
    rotate(() => {
      throw new Error('killed');
    }),
  ).rejects.toThrow('killed');
  const checks = await server.db.owner.inSystem((tx) => ensureMasterKeyCheck(tx, Buffer.alloc(0)));
  expect(() => new MasterKeys([next]).adopt(checks)).toThrow(
    `A rotation of the master key is not finished, and one of its two keys is missing (${former.id}); give both.`,
  );
  expect(() => new MasterKeys([former]).adopt(checks)).toThrow(`missing (${next.id}); give both.`);
  expect(() => new MasterKeys([MasterKey.generate()]).adopt(checks)).toThrow(
    /set up with another master key/,
  );
});

/** Removes the ids of the keys from all sealed values, as releases without rotation wrote them. */
async function withoutKeyIds(): Promise<void> {
  const older = (column: string) => `'\\x01' || substring(${column} FROM 10)`;
  await server.db.owner.inSystem((tx) =>
    tx.query(`UPDATE signing_keys SET private_key_sealed = ${older('private_key_sealed')}`),
  );
  await server.db.owner.inSystem((tx) =>
    tx.query(`UPDATE instance_settings SET value = ${older('value')} WHERE name = 'master-key-check'`),
  );
  await server.db.owner.inTenant(tenantId, (tx) =>
    tx.query(`UPDATE api_keys SET secret_sealed = ${older('secret_sealed')}`),
  );
}
