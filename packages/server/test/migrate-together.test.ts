import { expect, test } from 'vitest';
import { listMigrations, migrate } from '../src/store/schema/migrate.ts';
import { createTestDatabase } from './support/database.ts';

test('processes that start at once on a new database do not disturb each other: one of them migrates it', async () => {
  for (let round = 0; round < 3; round++) {
    const { target, drop } = await createTestDatabase({ migrated: false });
    try {
      const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(target)));
      const migrations = await listMigrations();
      expect(applied.filter((names) => names.length > 0)).toEqual([migrations]);
    } finally {
      await drop();
    }
  }
});
