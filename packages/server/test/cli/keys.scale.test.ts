import { access, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answersWithinASecond } from '../support/waiting.ts';
import {
  expectOneSentence,
  type Key,
  logIn,
  type Outcome,
  postJson,
  type Rollcall,
  readStatus,
  until,
  Workspace,
} from './support.ts';

interface ListedKey {
  apiKey: string;
  name: string;
  role: string;
  authentication: string;
  state: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  networks: string[] | null;
  locationIds: string[] | null;
  limits: Record<string, number>;
}

let work: Workspace;
let baseUrl: string;
let server: Rollcall;
beforeAll(async () => {
  work = await Workspace.create();
  ({ server, baseUrl } = await work.start([
    ...['serve', '--data-dir', work.path('data')],
    ...['--daily-event-quota', '5'],
  ]));
});
afterAll(async () => {
  await server.stop();
  await work.close();
});

/** Runs a command on the data of the running server. */
const run = (args: string[], input?: string): Promise<Outcome> =>
  work.rollcall([...args, '--data-dir', work.path('data')], input === undefined ? {} : { input });
const json = <T>(args: string[], input?: string): Promise<T> =>
  work.json<T>([...args, '--data-dir', work.path('data')], input === undefined ? {} : { input });

const WAREHOUSE = ['--role', 'data-warehouse', '--authentication', 'hmac'];
const create = (name: string, ...more: string[]): Promise<Key> =>
  json(['keys', 'create', '--org', 'one', ...WAREHOUSE, '--name', name, ...more]);
const listed = (org = 'one'): Promise<ListedKey[]> => json(['keys', 'list', '--org', org]);

describe('Organisations', () => {
  test('without any, the first key creates one; with several, --org is needed', async () => {
    const first = await run(['keys', 'create', ...WAREHOUSE, '--name', 'first']);
    expect(first.stderr).toContain('created "default"');
    expect(first.stdout).toMatch(/^The key is created\. .*:\n {2}id {6}\S+\n {2}secret {2}\S{43}\n$/);

    const one = await json(['orgs', 'create', 'one', '--name', 'One & Co', '--time-zone', 'Asia/Tokyo']);
    expect(one).toMatchObject({ slug: 'one', name: 'One & Co', timeZone: 'Asia/Tokyo' });
    expect((await run(['orgs', 'create', 'two'])).stdout).toBe('Created the organisation two.\n');
    expect(await json(['orgs', 'list'])).toMatchObject([{ slug: 'default' }, one, { slug: 'two' }]);

    const [unnamed, unknown, again] = await Promise.all([
      run(['keys', 'list']),
      run(['keys', 'list', '--org', 'three']),
      run(['orgs', 'create', 'one']),
    ]);
    expectOneSentence(unnamed, /^rollcall: Choose an organisation with --org: default, one, two\.\n$/);
    expectOneSentence(unknown, /^rollcall: There is no organisation three; .*\.\n$/);
    expectOneSentence(again, /^rollcall: The organisation one exists already\.\n$/);
  });

  test('have a daily event quota that the operator sets, shows and takes back', async () => {
    const quotaOf = async (...set: string[]) => {
      const [row] = await json<{ quota: number | null }[]>(['orgs', 'quota', 'one', ...set]);
      return row?.quota;
    };
    expect(await quotaOf('2000')).toBe(2_000);
    expect(await json(['orgs', 'quota'])).toMatchObject([
      { slug: 'default', quota: null, stored: 0 },
      { slug: 'one', quota: 2_000, stored: 0 },
      { slug: 'two', quota: null, stored: 0 },
    ]);
    expect((await run(['orgs', 'quota', 'one'])).stdout).toMatch(/one +2000 +0/);
    expect(await quotaOf('none')).toBe(0);
    expect(await quotaOf('default')).toBe(null);
    for (const wrong of ['0', '1.5', 'many']) {
      expectOneSentence(await run(['orgs', 'quota', 'one', wrong]), /^rollcall: ".*" is no quota: .*\.\n$/);
    }
    expectOneSentence(
      await run(['orgs', 'quota', 'three']),
      /^rollcall: There is no organisation three; .*\.\n$/,
    );
  });
});

test('of an organisation with the default quota, the operator sees how much servers found used', async () => {
  const quotaNow = async () =>
    (await json<{ quota: number | null; reachedPercent: number }[]>(['orgs', 'quota', 'limited']))[0];
  await json(['orgs', 'create', 'limited']);
  expect(await quotaNow()).toMatchObject({ quota: null, reachedPercent: 0 });
  const key = await json<Key>([
    ...['keys', 'create', '--org', 'limited', '--name', 'quota', '--role', 'all'],
    ...['--authentication', 'hmac'],
  ]);
  const { token } = await logIn(baseUrl, key);
  const post = async (path: string, body: object) =>
    (await postJson(`${baseUrl}${path}`, body, token)).json() as Promise<never>;
  const location = { locationName: 'Head office', timeZone: 'Europe/London' };
  const made = await post('/v1/manage/locations', { items: [location] });
  const { id: locationId } =
    (made as { results: { id: string }[] }).results[0] ?? expect.fail('No location.');
  const arrive = (...names: string[]) =>
    post('/v1/visitor-arrival', {
      sourceId: 'foyer',
      visitorArrivals: names.map((name) => ({
        ...{ eventId: name, timestamp: new Date().toISOString(), locationId, visitorName: name },
      })),
    });
  expect(await arrive('1', '2', '3', '4')).toMatchObject({ results: Array(4).fill({ resultCode: 0 }) });
  await until(async () => (await quotaNow())?.reachedPercent === 80);
  expect((await run(['orgs', 'quota', 'limited'])).stdout).toMatch(
    /limited +default +4 +a server found 80 % used today/,
  );
  await arrive('5');
  await until(async () => (await quotaNow())?.reachedPercent === 100);
});

describe('Keys, while the server runs', () => {
  test('an imported key logs in with its secret, from standard input or a file, and list shows its last use', async () => {
    const secret = 'p@ss wörd with spaces ';
    const properties = [
      '--role',
      'all',
      '--authentication',
      'basic',
      '--name',
      'ours already',
      '--org',
      'one',
    ];
    const imported = await run(['keys', 'import', 'Client-42', ...properties], `${secret}\n`);
    expect(imported).toMatchObject({ code: 0, stdout: 'The key Client-42 is imported.\n' });
    await writeFile(work.path('secret'), `${secret}\r\n`);
    const fromFile = ['--secret-file', work.path('secret')];
    expect(await json(['keys', 'import', 'client-43', ...properties, ...fromFile])).toEqual({
      apiKey: 'client-43',
      name: 'ours already',
      role: 'all',
      authentication: 'basic',
      expiresAt: null,
      networks: null,
      locationIds: null,
    });
    for (const apiKey of ['Client-42', 'client-43']) {
      expect(await logIn(baseUrl, { apiKey, secret })).toMatchObject({ status: 200 });
    }
    const usedAt = Date.now();

    let lastUsedAt: string | null | undefined;
    await until(async () => {
      lastUsedAt = (await listed()).find((key) => key.apiKey === 'Client-42')?.lastUsedAt;
      return lastUsedAt;
    });
    expect(Math.abs(Date.parse(lastUsedAt ?? '') - usedAt)).toBeLessThan(5_000);
    const table = (await run(['keys', 'list', '--org', 'one'])).stdout;
    expect(table).toMatch(/^Client-42 +ours already +all +basic +active +\S+Z +\S+Z +- +- +- +-$/m);
    expect(table + JSON.stringify(await listed())).not.toContain('wörd');
  });

  test('has limits of its own, which open servers follow within a second', async () => {
    const key = await create('limited', '--limit', 'reads=70', '--limit', 'login=600');
    const { token } = await logIn(baseUrl, key);
    const policy = async () => {
      const headers = { authorization: `Bearer ${token}` };
      const reply = await fetch(`${baseUrl}/v1/analytics/users`, { headers });
      return [reply.status, reply.headers.get('ratelimit-policy')];
    };
    expect(await policy()).toEqual([200, '"reads";q=70;w=60']);
    const change = (...limits: string[]) => [
      'keys',
      'change',
      key.apiKey,
      ...limits.flatMap((limit) => ['--limit', limit]),
    ];
    expect((await run(change('reads=7000', 'exports=2', 'login=default'))).stdout).toBe(
      `The key ${key.apiKey} is changed.\n`,
    );
    await answersWithinASecond(policy, [200, '"reads";q=7000;w=60']);
    const own = (await listed()).find(({ apiKey }) => apiKey === key.apiKey)?.limits;
    expect(own).toEqual({ reads: 7_000, exports: 2 });
    expect((await run(['keys', 'list', '--org', 'one'])).stdout).toContain('reads=7000 exports=2');
    expect(await json(change('reads=default', 'exports=default'))).toMatchObject({ limits: {} });
    for (const wrong of ['logins=5', 'login=0', 'login=1e3', 'login'])
      expectOneSentence(await run(change(wrong)), /^error: .* It must be one of login=, .*\.\n$/);
    expectOneSentence(
      await run(['keys', 'change', 'nobody', '--limit', 'login=5']),
      /^rollcall: There is no key .*\.\n$/,
    );
  });

  test('a secret that others may guess is imported only with --weak', async () => {
    const properties = ['--org', 'one', ...WAREHOUSE, '--name', 'weak'];
    const secret = 'fifteen letters';
    const refused = await run(['keys', 'import', 'weak', ...properties], secret);
    expectOneSentence(refused, /^rollcall: The secret has fewer than 16 characters, .* --weak\.\n$/);
    expect((await listed()).filter(({ apiKey }) => apiKey === 'weak')).toEqual([]);
    expect(await run(['keys', 'import', 'weak', ...properties, '--weak'], secret)).toMatchObject({
      code: 0,
    });
    expect(await logIn(baseUrl, { apiKey: 'weak', secret })).toMatchObject({ status: 200 });
    const enough = ['keys', 'import', 'long enough', ...properties];
    expect(await run(enough, `${secret}!`)).toMatchObject({ code: 0 });
  });

  test('an id of another organisation, and a key without a secret or a future expiry, are refused in one sentence', async () => {
    const key = await create('taken');
    const properties = ['--org', 'two', ...WAREHOUSE, '--name', 'same'];
    const [taken, noSecret, past] = await Promise.all([
      run(['keys', 'import', key.apiKey.toUpperCase(), ...properties], 'a secret of its own'),
      run(['keys', 'import', 'without', ...properties], '\n'),
      run(['keys', 'create', ...properties, '--expires', '2020-01-01']),
    ]);
    expectOneSentence(taken, /^rollcall: A key with the id \S+ exists already\.\n$/);
    expectOneSentence(noSecret, /^rollcall: The secret is empty; .*\.\n$/);
    expectOneSentence(past, /^error: .*'2020-01-01' is invalid\. It must be in the future\.\n$/);
    expect(await listed('two')).toEqual([]);
  });

  test('the secret of a new key can go to a file for curl instead of the screen, and an existing file is not changed', async () => {
    const file = work.path('door.curl');
    const properties = ['--org', 'one', ...WAREHOUSE, '--name', 'for curl', '--curl-config'];
    const created = await run(['keys', 'create', ...properties, file]);
    expect(created).toMatchObject({ code: 0, stderr: '' });
    const content = await readFile(file, 'utf8');
    const [, apiKey = '', secret = ''] = /^user = "([^:"]+):([^"]+)"\n$/.exec(content) ?? [];
    expect(created.stdout).toBe(`The key ${apiKey} is created. Its secret is in ${file}, for "curl -K".\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await logIn(baseUrl, { apiKey, secret })).toMatchObject({ status: 200 });
    const other = await json(['keys', 'create', ...properties, work.path('other.curl')]);
    expect(other).not.toHaveProperty('secret');

    const [again, nowhere, nobody] = await Promise.all([
      run(['keys', 'create', ...properties, file]),
      run(['keys', 'create', ...properties, work.path('none/door.curl')]),
      run([
        'keys',
        'create',
        ...WAREHOUSE,
        '--name',
        'x',
        '--curl-config',
        work.path('x.curl'),
        '--org',
        'no',
      ]),
    ]);
    expectOneSentence(again, /^rollcall: The file \S+door\.curl exists already\.\n$/);
    expectOneSentence(nowhere, /^rollcall: The file \S+ cannot be written \(ENOENT\)\.\n$/);
    expectOneSentence(nobody, /^rollcall: There is no organisation no; .*\.\n$/);
    expect(await readFile(file, 'utf8')).toBe(content);
    await expect(access(work.path('x.curl'))).rejects.toThrow('ENOENT');
    expect((await listed()).filter(({ name }) => name === 'for curl')).toHaveLength(2);
  });

  test('a key is bound by create and change, at once, and list shows to what', async () => {
    const key = await create('bound', '--networks', '203.0.113.0/24, 2001:DB8::/32');
    expect(await logIn(baseUrl, key)).toMatchObject({ status: 403 });
    const networks = ['203.0.113.0/24', '2001:db8::/32'];
    const change = (...changes: string[]) => json(['keys', 'change', key.apiKey, ...changes]);
    expect((await listed()).find(({ apiKey }) => apiKey === key.apiKey)).toMatchObject({ networks });
    expect((await run(['keys', 'list', '--org', 'one'])).stdout).toMatch(
      /bound .* 203\.0\.113\.0\/24 \+1 +- +-$/m,
    );
    expect(await change('--networks', 'any', '--expires', '2099-01-31')).toEqual({
      apiKey: key.apiKey,
      expiresAt: '2099-01-31T00:00:00.000Z',
      networks: null,
      locationIds: null,
      limits: {},
    });
    await answersWithinASecond(async () => (await logIn(baseUrl, key)).status, 200);
    expect(await change('--expires', 'never')).toMatchObject({ expiresAt: null });
    const [nothing, noNetwork, noOffice, unknown] = await Promise.all([
      run(['keys', 'change', key.apiKey]),
      run(['keys', 'change', key.apiKey, '--networks', '10.0.0.1/8']),
      run(['keys', 'change', key.apiKey, '--locations', 'somewhere']),
      run(['keys', 'change', 'nobody', '--expires', 'never']),
    ]);
    expectOneSentence(
      nothing,
      /^rollcall: Name what to change: --expires, --networks, --locations or --limit\.\n$/,
    );
    expectOneSentence(noNetwork, /^error: .* the network is 10\.0\.0\.0\/8\.\n$/);
    expectOneSentence(noOffice, /^rollcall: .* locationIds\/0 is not the id of an office\.\n$/);
    expectOneSentence(unknown, /^rollcall: There is no key with the id nobody\.\n$/);
  });

  test('a rotated key accepts both secrets within the grace period, and only the new one without it', async () => {
    const old = await create('rotated');
    expect(await logIn(baseUrl, old)).toMatchObject({ status: 200 });
    const next = await json<Key>(['keys', 'rotate', old.apiKey]);
    expect(next.apiKey).toBe(old.apiKey);
    expect(await logIn(baseUrl, next)).toMatchObject({ status: 200 });
    expect(await logIn(baseUrl, old)).toMatchObject({ status: 200 });

    const last = await json<Key>(['keys', 'rotate', old.apiKey, '--grace', '0s']);
    await answersWithinASecond(async () => (await logIn(baseUrl, next)).status, 401);
    expect(await logIn(baseUrl, old)).toMatchObject({ status: 401 });
    expect(await logIn(baseUrl, last)).toMatchObject({ status: 200 });
  });

  test('the new secret of a rotated key can go to a file for curl, with any characters in the id', async () => {
    const id = 'say "hi" to C:\\doors';
    const properties = [
      '--org',
      'one',
      '--role',
      'data-warehouse',
      '--authentication',
      'hmac',
      '--name',
      'odd',
    ];
    expect(await run(['keys', 'import', id, ...properties], 'the old secret of its client')).toMatchObject({
      code: 0,
    });
    const file = work.path('odd.curl');
    const rotated = await run(['keys', 'rotate', id, '--curl-config', file]);
    expect(rotated).toEqual({
      code: 0,
      stderr: '',
      stdout: `The key ${id} has a new secret. It is in ${file}, for "curl -K".\n`,
    });
    const [, secret = ''] =
      /^user = "say \\"hi\\" to C:\\\\doors:([^"]+)"\n$/.exec(await readFile(file, 'utf8')) ?? [];
    expect(await logIn(baseUrl, { apiKey: id, secret })).toMatchObject({ status: 200 });
  });

  test('a revoked key and its tokens are refused within a second, and an expiring key from its expiry on', async () => {
    const short = await create('short', '--expires', '20s');
    expect(await logIn(baseUrl, short)).toMatchObject({ status: 200 });

    const key = await create('revoked');
    const { token } = await logIn(baseUrl, key);
    expect(await readStatus(baseUrl, token)).toBe(200);
    expect(await json(['keys', 'revoke', key.apiKey])).toEqual({ apiKey: key.apiKey, revoked: true });
    await answersWithinASecond(() => readStatus(baseUrl, token), 401);
    expect(await logIn(baseUrl, key)).toMatchObject({ status: 401 });

    const [unknown, rotated] = await Promise.all([
      run(['keys', 'revoke', 'nobody']),
      run(['keys', 'rotate', key.apiKey]),
    ]);
    expectOneSentence(unknown, /^rollcall: There is no key with the id nobody\.\n$/);
    expectOneSentence(rotated, /^rollcall: The key \S+ is revoked; create a new one\.\n$/);

    await until(async () => (await logIn(baseUrl, short)).status === 401);
    const keys = await listed();
    const entry = keys.find(({ name }) => name === 'short');
    expect(entry?.state).toBe('expired');
    expect(Date.parse(entry?.expiresAt ?? '')).toBeLessThanOrEqual(Date.now());
    expect(keys.find(({ name }) => name === 'revoked')?.state).toBe('revoked');
  });
});
