import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from '../../src/store/connections/db.ts';
import { superuserOf, Workspace } from './support.ts';

let work: Workspace;
let dataDir: string;
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = work.path('data');
});
afterAll(() => work.close());

const rollcall = (...args: string[]) => work.rollcall([...args, '--data-dir', dataDir]);
const actionsIn = (ndjson: string) =>
  ndjson
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).action as string);

test('the commands check the chain, find a changed entry, print entries once each, and set how long they are kept', async () => {
  await work.json(['orgs', 'create', 'acme', '--data-dir', dataDir]);
  await rollcall(
    'keys',
    'create',
    '--name',
    'door',
    '--role',
    'submitting-events',
    '--authentication',
    'basic',
  );
  expect((await rollcall('audit', 'verify')).stdout).toContain(
    '0 batches, of which 0 are pruned; 1 entries wait',
  );
  expect((await rollcall('jobs', 'run', 'audit')).code).toBe(0);
  const whole = await rollcall('audit', 'verify');
  expect(whole).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('The chain is whole: 1 entries in 1 batches'),
  });
  const [, head = ''] = /The last batch is (\S+)/.exec(whole.stdout) ?? [];
  expect((await rollcall('audit', 'verify', '--head', head)).code).toBe(0);
  const other = await rollcall('audit', 'verify', '--head', `1:${'0'.repeat(64)}`);
  expect(other).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('another one than the one that you noted'),
  });

  const tail = () => rollcall('audit', 'tail', '--once', '--state', work.path('state'));
  expect(actionsIn((await tail()).stdout)).toEqual(['key.created']);
  expect((await tail()).stdout).toBe('');
  expect((await rollcall('audit', 'keep', '24')).code).toBe(0);
  expect((await rollcall('audit', 'keep', '0')).code).toBe(1);
  expect(actionsIn((await tail()).stdout)).toEqual(['settings.changed']);
  expect(actionsIn((await rollcall('audit', 'tail', '--once')).stdout)).toEqual([
    'key.created',
    'settings.changed',
  ]);

  // The embedded server runs as long as a command or a server uses it.
  const { server } = await work.start(['serve', '--data-dir', dataDir]);
  const owner = new Database({ target: await superuserOf(dataDir), as: 'owner' });
  await owner.inSystem((tx) =>
    tx.query(`UPDATE audit_entries SET metadata = '{"role":"all"}' WHERE action = 'key.created'`),
  );
  await owner.close();
  const broken = await rollcall('audit', 'verify');
  expect(broken).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/The entry \S+ \(key\.created, .*\) of batch 1 was changed\./),
  });
  await server.stop();
});
