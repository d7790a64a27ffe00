import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keysOf } from '../../src/auth/manage-keys.ts';
import { MasterKey } from '../../src/auth/secrets.ts';
import { ensureDemo } from '../../src/demo/organisation.ts';
import { listOrganisations } from '../../src/store/directory/organisations.ts';
import { createTestDatabase } from '../support/database.ts';
import { basicKey, readDataset, SIZE, startDemo } from './demo-support.ts';
import { logIn, processesNaming, until, Workspace } from './support.ts';

let work: Workspace;
beforeAll(async () => {
  work = await Workspace.create();
});
afterAll(() => work.close());

function presenceSince(days: number): string {
  const day = (age: number) => new Date(Date.now() - age * 86_400_000).toISOString().slice(0, 10);
  return `presence/basic?startDate=${day(days)}&endDate=${day(-1)}`;
}

describe('The demo', () => {
  test('has a key for each role and lines to paste, the next start finds it again, also after SIGKILL, and it is live', async () => {
    const first = await startDemo(work, 'first');
    expect((await stat(first.file)).mode & 0o777).toBe(0o600);
    expect(first.credentials.keys).toEqual(
      [
        ['submitting-events', 'basic'],
        ['visitor-only', 'hmac'],
        ['data-warehouse', 'basic'],
        ['statistics', 'hmac'],
        ['all', 'hmac'],
        ['all', 'basic'],
      ].map(([role, authentication]) => ({
        name: expect.any(String),
        role,
        authentication,
        apiKey: expect.any(String),
        secret: expect.any(String),
      })),
    );
    for (const key of first.credentials.keys) {
      expect(await logIn(first.baseUrl, key)).toMatchObject({ status: 200 });
      expect(first.server.stdout).toContain(`${key.apiKey}  ${key.secret}`);
    }

    expect(await signInByFirstLine(first)).toMatchObject({ organisations: [{ role: 'administrator' }] });
    const lines = first.server.stdout.split('\n').filter((line) => line.startsWith('printf '));
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.length).toBeLessThan(500);
    const [submitted, readBack] = [await paste(lines[0] ?? ''), await paste(lines[1] ?? '')];
    expect(JSON.parse(submitted)).toMatchObject({
      results: [{ eventId: 'my first event', resultCode: 0 }],
    });
    expect(JSON.parse(readBack)).toContainEqual(expect.objectContaining({ eventId: 'my first event' }));
    // No argument of a process contains a secret.
    const secrets = first.credentials.keys.map(({ secret }) => secret);
    for (const line of lines) {
      const [written, asked] = line.split(' | curl ');
      expect(secrets.some((secret) => written?.includes(secret))).toBe(true);
      expect(secrets.some((secret) => asked?.includes(secret))).toBe(false);
    }

    const key = basicKey(first.credentials);
    const events = await readDataset(first.baseUrl, presenceSince(5), key);
    expect(events).not.toEqual([]);
    first.server.signal('SIGKILL');
    await first.server.exited;
    expect(processesNaming(`-D ${work.path('first')}/`)).not.toEqual([]);

    const second = await startDemo(work, 'first');
    expect(second.server.stdout).toContain('its demo organisation');
    expect(second.credentials.keys).toEqual(first.credentials.keys);
    expect(await signInByFirstLine(second)).toMatchObject({ account: { email: 'demo@demo.example' } });
    expect(await readDataset(second.baseUrl, presenceSince(5), key)).toEqual(events);
    await second.server.stop();

    const live = await startDemo(work, 'first', SIZE);
    await until(() => live.server.stderr.includes('Live at '));
    await live.server.stop();
    expect(processesNaming(work.path('first'))).toEqual([]);
  });
});

describe('An unfinished demo', () => {
  test('that was killed between two of its keys keeps its keys', async () => {
    const db = await createTestDatabase();
    try {
      const config = { users: 1, days: 0, seed: 1 };
      const deps = {
        owner: db.owner,
        masterKey: MasterKey.generate(),
        clock: Date.now,
        onProgress: () => {},
      };
      const { keys } = await ensureDemo(config, deps);
      const [organisation] = await db.owner.inSystem(listOrganisations);
      const tenantId = organisation?.tenantId ?? '';
      await db.owner.inTenant(tenantId, async (tx) => {
        for (const table of ['api_keys', 'api_key_index']) {
          await tx.query(`DELETE FROM ${table} WHERE api_key_folded = $1`, [keys[4]?.apiKey]);
        }
      });
      const completed = await ensureDemo(config, deps);
      expect(completed.keys.slice(0, 4)).toEqual(keys.slice(0, 4));
      expect(await keysOf(tenantId, db.owner)).toHaveLength(6);
    } finally {
      await db.drop();
    }
  });
});

async function paste(line: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', line]);
  return stdout;
}

/** Redeems the link of the first line that a demo printed. Returns the session. */
async function signInByFirstLine({
  server,
  baseUrl,
}: Awaited<ReturnType<typeof startDemo>>): Promise<unknown> {
  const [line = ''] = server.stdout.split('\n');
  const { port, hostname, pathname, hash } = new URL(line);
  expect({ port, hostname, pathname }).toEqual({
    port: new URL(baseUrl).port,
    hostname: 'localhost',
    pathname: '/console/sign-in',
  });
  const reply = await fetch(`${baseUrl}/v1/session/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: hash.replace('#token=', '') }),
  });
  return reply.json();
}
