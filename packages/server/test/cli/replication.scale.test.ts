import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { Cluster, listPrograms, type Programs } from '../support/clusters.ts';
import { until, Workspace } from './support.ts';

const [programs] = (await listPrograms()) as [Programs];
const documentOf = (name: string) =>
  readFileSync(new URL(`../../../../docs/${name}.md`, import.meta.url), 'utf8');
/** What an administrator runs for the roles and the database. */
const [, setUp = ''] =
  /An administrator runs this once:\n\n```sql\n(.*?)```/s.exec(documentOf('operations')) ?? [];
const grantIn = (name: string) => /`(GRANT pg_read_all_stats TO \w+)`/.exec(documentOf(name))?.[1];

let work: Workspace;
let primary: Cluster;
let standby: Cluster;
let env: Record<string, string>;

beforeAll(async () => {
  work = await Workspace.create();
  primary = await Cluster.create(programs);
  await primary.asAdmin(async (admin) => {
    await admin.query('DROP DATABASE rollcall');
    await admin.query('DROP ROLE rollcall');
    for (const statement of setUp.split(/;.*\n/)) await admin.query(statement);
  });
  const urlOf = (role: string) => `postgres://${role}@127.0.0.1:${primary.port}/rollcall`;
  env = {
    DATABASE_URL: urlOf('rollcall'),
    ROLLCALL_SERVING_DATABASE_URL: urlOf('rollcall_server'),
    ROLLCALL_MASTER_KEY: randomBytes(32).toString('base64'),
  };
  standby = await primary.standby();
});
afterAll(async () => {
  await standby?.remove();
  await primary?.remove();
  await work.close();
});

const replicationFinding = async (): Promise<Finding | undefined> => {
  const { stdout, stderr } = await work.rollcall(['doctor', '--json'], { env });
  expect(stderr).toBe('');
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return findings.find(({ check }) => check === 'replication');
};

test('after the statements of the documents, the database migrates, the server starts, and its metrics show the standby', async () => {
  const grant = grantIn('high-availability');
  expect(grant).toBeDefined();
  expect(grantIn('monitoring')).toBe(grant);
  await primary.asAdmin((admin) => admin.query(grant ?? ''));

  expect(await work.rollcall(['migrate'], { env })).toMatchObject({ code: 0 });
  await standby.catchUp(primary);
  const { server } = await work.start(['serve', '--metrics-port', '0'], { env });
  const [, metrics = ''] = /Metrics are at (\S+)\./.exec(server.stderr + server.stdout) ?? [];
  // A scrape waits for the database for a limited time only.
  let text = '';
  await until(async () => {
    text = await (await fetch(metrics)).text();
    return /^rollcall_database_up 1$/m.test(text);
  });
  expect(text).toMatch(/^rollcall_database_standbys 1$/m);
  expect(text).toMatch(/^rollcall_database_replication_lag_seconds \d/m);
  await server.stop();
});

test('rollcall doctor does not call a synchronous standby missing that it may not see, and names the right that it lacks', async () => {
  expect(await work.rollcall(['migrate'], { env })).toMatchObject({ code: 0 });
  await primary.asAdmin(async (admin) => {
    await admin.query('REVOKE pg_read_all_stats FROM rollcall');
    await admin.query("ALTER SYSTEM SET synchronous_standby_names TO '*'");
    await admin.query('SELECT pg_reload_conf()');
    await until(
      async () =>
        (await admin.query("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")).rowCount === 1,
    );
  });
  expect(await replicationFinding()).toEqual({
    check: 'replication',
    state: 'unknown',
    found: 'The role rollcall may not see the state of 1 of 1 connected standbys.',
    remedy:
      'Let an administrator run GRANT pg_read_all_stats TO "rollcall", if the role may see the statements of other programs, too.',
  });

  await primary.asAdmin((admin) => admin.query(grantIn('high-availability') ?? ''));
  expect(await replicationFinding()).toEqual({
    check: 'replication',
    state: 'fine',
    found: '1 standbys are connected, 1 of them synchronous.',
    remedy: null,
  });
  await standby.stop();
  await until(() =>
    primary.asAdmin(async (admin) => (await admin.query('SELECT FROM pg_stat_replication')).rowCount === 0),
  );
  expect(await replicationFinding()).toMatchObject({
    state: 'mend',
    found: expect.stringContaining('waits for a synchronous standby at each commit, and none is connected'),
  });
});
