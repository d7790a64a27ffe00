import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from '../../src/store/connections/db.ts';
import { createTestOrganisation } from '../support/database.ts';
import { addOffice, addUser } from '../support/directory.ts';
import { superuserOf, Workspace } from './support.ts';

let work: Workspace;
let dataDir: string;
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = work.path('data');
});
afterAll(() => work.close());

const aggregates = (...args: string[]) => work.rollcall(['aggregates', ...args, '--data-dir', dataDir]);

test('The commands make aggregates again, compare them with the rows, and name what is wrong', async () => {
  await work.json(['orgs', 'create', 'empty', '--data-dir', dataDir]);
  expect(await aggregates('verify')).toEqual({
    code: 0,
    stdout: 'empty: office days checked 0, wrong 0.\n',
    stderr: '',
  });
  // The embedded server runs as long as a command or a server uses it.
  const { server } = await work.start(['serve', '--data-dir', dataDir]);
  const owner = new Database({ target: await superuserOf(dataDir), as: 'owner' });
  const tenantId = await createTestOrganisation(owner, { slug: 'busy' });
  const { locationId } = await addOffice(owner, tenantId, 'UTC');
  const { userId } = await addUser(owner, tenantId);
  await owner.inTenant(tenantId, (tx) =>
    tx.query(
      `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id,
                                    source_id, received_at)
       SELECT $1, d, gen_random_uuid(), d::date, $2, $3, $3, 'e', 'door', now()
       FROM generate_series(timestamptz '2026-03-01T09:00Z', '2026-03-20T09:00Z', '1 day') AS d`,
      [tenantId, userId, locationId],
    ),
  );
  expect(await aggregates('rebuild')).toEqual({
    code: 0,
    stdout: 'busy: the aggregates are made again.\nempty: the aggregates are made again.\n',
    stderr: '',
  });
  const good = { code: 0, stdout: 'busy: office days checked 20, wrong 0.\n', stderr: '' };
  expect(await aggregates('verify', '--org', 'busy')).toEqual(good);
  await owner.inTenant(tenantId, (tx) =>
    tx.query(`DELETE FROM day_aggregates WHERE tenant_id = $1 AND day = '2026-03-05'`, [tenantId]),
  );
  await owner.close();
  expect(await aggregates('verify', '--org', 'busy')).toEqual({
    code: 1,
    stdout: 'busy: office days checked 20, wrong 1.\n',
    stderr: `rollcall: Office days whose aggregates differ from the rows: 2026-03-05 at the office ${locationId}. "rollcall aggregates rebuild" makes them again.\n`,
  });
  await aggregates('rebuild', '--org', 'busy');
  expect(await aggregates('verify', '--org', 'busy')).toEqual(good);
  expect(await aggregates('verify', '--org', 'other')).toMatchObject({
    code: 1,
    stderr: 'rollcall: There is no organisation other; there are busy, empty.\n',
  });
  await server.stop();
});
