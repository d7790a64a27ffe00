import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ShownKey } from '../../src/auth/manage-keys.ts';
import { importFolder } from '../../src/folder-import/import-folder.ts';
import { setRetention } from '../../src/store/privacy/retention-settings.ts';
import { ChangesClient } from '../support/changes.ts';
import { writeExport } from '../support/export-folder.ts';
import { fillDays } from '../support/retention.ts';

const client = ChangesClient.forEachTest();

test('rows that the retention of the organisation would remove are refused, each with the reason', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-past-retention-'));
  try {
    await fillDays(client);
    const { server, site } = client;
    const windows = [{ startDate: '2026-03-01', endDate: '2026-03-31' }];
    await writeExport(server, site.key as ShownKey, windows, { directory, format: 'ndjson' });
    const tenantId = await server.organisation();
    await server.db.owner.inTenant(tenantId, (tx) =>
      setRetention(tx, tenantId, { attendance: 'P4M', actionLog: 'P4M' }),
    );
    const { datasets } = await importFolder({
      directory,
      database: server.db.owner,
      tenantId,
      timeZone: 'UTC',
      replaceDays: false,
      dryRun: false,
      clock: server.clock.read,
    });
    const counts = Object.fromEntries(
      datasets.map(({ dataset, stored, refused }) => [dataset, [stored, refused]]),
    );
    expect(counts).toMatchObject({
      presence: [6, 6],
      'user-booking-attendance': [2, 2],
      'change-log/user': [2, 2],
      occupancy: [4, 0],
      visitors: [0, 4],
    });
    const visitors = datasets.find(({ dataset }) => dataset === 'visitors');
    expect(visitors?.reasons[0]?.reason).toBe(
      'it is before 2026-04-10: the organisation keeps such rows for 3 months',
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
