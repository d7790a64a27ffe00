import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backup, readBack } from '../src/store/backup/backup.ts';
import { encryptionTo } from '../src/store/backup/encryption.ts';
import { restore } from '../src/store/backup/restore.ts';
import { CREATED_AT, createEmptyDatabase } from './support/backup.ts';
import { createTestDatabase, createTestOrganisation } from './support/database.ts';

const LOCATION = '00000000-0000-4000-8000-000000000001';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-backup-'));
});
afterAll(() => rm(directory, { recursive: true }));

test.each(['plain', 'encrypted'])(
  'backup, read back and restore of 200,000 events, %s, need memory that does not grow with their number',
  {
    timeout: 120_000,
  },
  async (kind) => {
    const identity = await generateIdentity();
    const encryption =
      kind === 'plain' ? undefined : encryptionTo({ recipients: [await identityToRecipient(identity)] });
    const decryptWith = encryption && { identities: [identity] };
    const events = await createTestDatabase();
    const tenant = await createTestOrganisation(events.owner);
    await events.owner.inTenant(tenant, (tx) =>
      tx.query(
        `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id, source_id, received_at)
       SELECT $1, '2026-01-01'::timestamptz + n * interval '1 second', gen_random_uuid(), '2026-01-01', gen_random_uuid(), $2, $2,
              gen_random_uuid(), 'badge-readers', '2026-01-02' FROM generate_series(1, 200000) n`,
        [tenant, LOCATION],
      ),
    );
    const path = join(directory, kind);
    const run = async (name: string, work: () => Promise<unknown>) => {
      const start = process.memoryUsage().rss;
      let peak = start;
      const timer = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage().rss);
      }, 5);
      const startedMs = performance.now();
      await work();
      clearInterval(timer);
      const rate = Math.round(200_000 / ((performance.now() - startedMs) / 1000));
      const growthMiB = Math.round((peak - start) / 1024 / 1024);
      console.log(`${name}: ${rate} rows/s, ${growthMiB} MiB more at the peak`);
      expect(growthMiB).toBeLessThan(200);
      expect(rate).toBeGreaterThan(2_000);
    };
    const { target, drop } = await createEmptyDatabase();
    await run('backup', async () => {
      const output = createWriteStream(path);
      const summary = await backup({ target: events.target, encryption, createdAt: CREATED_AT, output });
      await readBack(createReadStream(path), summary, { decryptWith: encryption?.decryptWith });
    });
    await run('restore', () => restore({ target, input: () => createReadStream(path), decryptWith }));
    await Promise.all([events.drop(), drop()]);
  },
);
