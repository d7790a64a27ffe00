import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from '../../src/store/connections/db.ts';
import { createTestOrganisation } from '../support/database.ts';
import { addOffice } from '../support/directory.ts';
import { superuserOf, Workspace } from './support.ts';

let work: Workspace;
let dataDir: string;
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = work.path('data');
});
afterAll(() => work.close());

const retention = (...args: string[]) => work.rollcall(['retention', ...args, '--data-dir', dataDir]);

test('a change that would remove rows shows them and changes nothing, until it is confirmed', async () => {
  const { server } = await work.start(['serve', '--jobs', 'off', '--data-dir', dataDir]);
  const owner = new Database({ target: await superuserOf(dataDir), as: 'owner' });
  const tenantId = await createTestOrganisation(owner, { slug: 'acme' });
  const { locationId } = await addOffice(owner, tenantId, 'UTC');
  await owner.inTenant(tenantId, (tx) =>
    tx.query(
      `INSERT INTO occupancy_events (tenant_id, observed_at, event_digest, day, location_id, node_id, occupied, event_id, source_id, received_at)
       SELECT $1, d, gen_random_uuid(), d::date, $2, $2, true, 'e', 's', d
       FROM generate_series(timestamptz '2020-01-30T09:00Z', '2020-02-02T09:00Z', '1 day') AS d`,
      [tenantId, locationId],
    ),
  );
  // Without a subcommand, the command shows.
  const shown = await retention();
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toBe((await retention('show')).stdout);
  expect(shown.stdout).toMatch(/^audit +13 months +13 months /m);
  expect(JSON.parse((await retention('--json')).stdout).audit).toBe('P13M');
  const keptNow = async () =>
    JSON.parse((await retention('show', '--json')).stdout).occupancy as string | null;
  const refused = await retention('set', 'occupancy', '13months');
  expect(refused.code).toBe(1);
  expect(
    refused.stdout
      .split('\n')
      .slice(1, 4)
      .map((line) => line.split(/ +/)),
  ).toEqual([
    ['month', 'rows'],
    ['2020-01', '2'],
    ['2020-02', '2'],
  ]);
  expect(refused.stderr).toBe(
    'rollcall: Nothing was changed. Give --yes to change it; nothing brings back what it removes.\n',
  );
  expect(await keptNow()).toBe(null);
  expect(await retention('set', 'occupancy', '13months', '--yes')).toMatchObject({ code: 0, stderr: '' });
  expect(await keptNow()).toBe('P13M');
  const trail = await work.rollcall(['audit', 'tail', '--once', '--data-dir', dataDir]);
  expect(
    trail.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toContainEqual(
    expect.objectContaining({
      action: 'settings.changed',
      actorKind: 'operator',
      metadata: { of: 'retention', locationId: null, members: ['occupancy'] },
    }),
  );
  expect(await work.rollcall(['jobs', 'run', 'retention', '--data-dir', dataDir])).toMatchObject({ code: 0 });
  const left = await owner.inTenant(tenantId, (tx) =>
    tx.query('SELECT FROM occupancy_events WHERE tenant_id = $1', [tenantId]),
  );
  expect(left.rowCount).toBe(0);
  expect(await retention('set', 'occupancy', 'unlimited')).toEqual({
    code: 0,
    stdout: 'occupancy is kept without limit.\n',
    stderr: '',
  });
  expect(await retention('set', 'attendance', '1 day')).toMatchObject({
    code: 1,
    stderr:
      'rollcall: The retention of attendance must be at least 92 days; a month counts 31; "1 day" is not possible.\n',
  });
  await owner.close();
  await server.stop();
});
