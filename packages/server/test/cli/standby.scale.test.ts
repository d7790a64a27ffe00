import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { Cluster, listPrograms, type Programs } from '../support/clusters.ts';
import { type Key, logIn, readStatus, until, Workspace } from './support.ts';

const [programs] = (await listPrograms()) as [Programs];

let work: Workspace;
let primary: Cluster;
let standby: Cluster;
let key: Key;
let env: Record<string, string>;
const urlOf = ({ port }: Cluster, role = 'rollcall') => `postgres://${role}@127.0.0.1:${port}/rollcall`;

beforeAll(async () => {
  work = await Workspace.create();
  primary = await Cluster.create(programs);
  env = {
    DATABASE_URL: urlOf(primary),
    ROLLCALL_MASTER_KEY: randomBytes(32).toString('base64'),
  };
  const properties = ['--role', 'all', '--authentication', 'hmac', '--name', 'test'];
  key = await work.json<Key>(['keys', 'create', ...properties], { env });
  standby = await primary.standby();
  env.READ_DATABASE_URL = urlOf(standby);
});
afterAll(async () => {
  await standby?.remove();
  await primary?.remove();
  await work.close();
});

test.each(['1', '2'])(
  'rollcall serve --workers %s reads exports at the standby of --read-database-url',
  async (workers) => {
    const { DATABASE_URL = '', READ_DATABASE_URL = '', ...rest } = env;
    const { server, baseUrl } = await work.start(
      [
        ...['serve', '--workers', workers, '--metrics-port', '0'],
        ...['--database-url', DATABASE_URL, '--read-database-url', READ_DATABASE_URL],
      ],
      { env: rest },
    );
    const { token } = await logIn(baseUrl, key);
    const [, metrics = ''] = /Metrics are at (\S+)\./.exec(server.stderr + server.stdout) ?? [];
    const ofStandby = async () => {
      const text = await (await fetch(metrics)).text();
      return Number(/^rollcall_warehouse_reads_total\{.*"standby".*\} (\d+)/m.exec(text)?.[1] ?? 0);
    };
    expect(await ofStandby()).toBe(0);
    await standby.catchUp(primary);
    await until(async () => {
      expect(await readStatus(baseUrl, token)).toBe(200);
      return (await ofStandby()) > 0;
    });
    await server.stop();
  },
);

const standbyFinding = async (readUrl: string, args: string[] = []): Promise<Finding | undefined> => {
  const variables = { ...env, READ_DATABASE_URL: readUrl };
  const { stdout, stderr } = await work.rollcall(['doctor', '--json', ...args], { env: variables });
  expect(stderr).toBe('');
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return findings.find(({ check }) => check === 'standby');
};

test('rollcall doctor says of the standby whether the server can read it', async () => {
  await primary.asAdmin((admin) => admin.query('CREATE ROLE stranger LOGIN'));
  await standby.catchUp(primary);
  expect(await standbyFinding(urlOf(standby))).toMatchObject({ state: 'fine', remedy: null });
  expect(await standbyFinding(urlOf(standby, 'stranger'))).toMatchObject({
    state: 'mend',
    found: expect.stringContaining('cannot become rollcall_app'),
  });
  expect(await standbyFinding(urlOf(primary))).toMatchObject({
    state: 'mend',
    found: expect.stringContaining('names the primary'),
  });
  const other = await Cluster.create(programs);
  onTestFinished(() => other.remove());
  expect(await standbyFinding(urlOf(other))).toMatchObject({
    state: 'mend',
    found: expect.stringContaining('another database'),
  });
  await other.stop();
  expect(await standbyFinding(urlOf(other))).toMatchObject({
    state: 'mend',
    found: expect.stringMatching(/does not answer: .*ECONNREFUSED/),
  });
});

test('rollcall doctor finds a standby that does not replay', async () => {
  await standby.replay('pause');
  await primary.asAdmin((admin) => admin.query('CREATE TABLE written (x integer)'));
  expect(await standbyFinding(urlOf(standby))).toMatchObject({
    state: 'mend',
    found: expect.stringMatching(/^The standby lacks \d+ .iB that the primary had 3 seconds ago/),
  });
  await standby.replay('resume');
  await standby.catchUp(primary);
  expect(await standbyFinding(urlOf(standby))).toMatchObject({ state: 'fine' });
});
