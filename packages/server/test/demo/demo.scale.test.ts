import { expect, test } from 'vitest';
import { MasterKey } from '../../src/auth/secrets.ts';
import { CONNECTIONS, ensureDemo } from '../../src/demo/organisation.ts';
import { Database } from '../../src/store/connections/db.ts';
import { createTestDatabase } from '../support/database.ts';

/** Limits for a machine with much other load. The test prints the seconds that it took. */
test.each([
  { users: 300, days: 30, withinS: 60 },
  { users: 5_000, days: 90, withinS: 180 },
])('$users users and $days days are created within $withinS seconds', async ({ users, days, withinS }) => {
  const db = await createTestDatabase();
  const owner = new Database({ target: db.target, as: 'owner', poolSize: CONNECTIONS, exportPoolSize: 1 });
  try {
    const startedMs = performance.now();
    await ensureDemo(
      { users, days, seed: 1 },
      { owner, masterKey: MasterKey.generate(), clock: Date.now, onProgress: () => {} },
    );
    const seconds = (performance.now() - startedMs) / 1_000;
    console.log(`${users} users, ${days} days: ${seconds.toFixed(1)} s`);
    expect(seconds).toBeLessThan(withinS);
  } finally {
    await owner.close();
    await db.drop();
  }
});
