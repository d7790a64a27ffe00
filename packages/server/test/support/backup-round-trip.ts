import { expect } from 'vitest';
import { checkBackup, restore } from '../../src/store/backup/restore.ts';
import type { DatabaseTarget } from '../../src/store/connections/db.ts';
import { migrate } from '../../src/store/schema/migrate.ts';
import { backupToBuffer, CREATED_AT, fillEveryTable, MASTER_KEY, opening, readAll, state } from './backup.ts';

type Make = () => Promise<{ target: DatabaseTarget; drop(): Promise<void> }>;

/** The rows that a restore carries over: all rows except those of one instance. */
export function carried(all: Record<string, string[]>): Record<string, unknown> {
  const id = /^\(instance-id,/;
  const settings = all.instance_settings ?? [];
  const others = settings.filter((row) => !id.test(row));
  expect(others).toHaveLength(settings.length - 1);
  return {
    ...all,
    instance_settings: expect.arrayContaining([...others, expect.stringMatching(id)]),
    signing_keys: [],
  };
}

/**
 * Fills a database of the first kind, restores its backup into one of the second kind, and restores the backup of that
 * one into one of the first kind.
 */
export async function expectRoundTrip(from: Make, into: Make): Promise<void> {
  const drops: (() => Promise<void>)[] = [];
  const make = async (kind: Make) => {
    const { target, drop } = await kind();
    drops.push(drop);
    return target;
  };
  try {
    const first = await make(from);
    await migrate(first);
    await fillEveryTable(first);
    const before = await readAll(first);
    const made = await backupToBuffer(first);

    const second = await make(into);
    const { masterKeys } = await checkBackup(opening(made.file)());
    const summary = await restore({ target: second, input: opening(made.file) });

    expect(await readAll(second)).toEqual(carried(before));
    expect(masterKeys).toEqual([MASTER_KEY]);
    const { createdAt, organisations, tables, rows } = made.summary;
    expect(summary).toMatchObject({ createdAt, organisations, tables, rows });
    expect(summary).toMatchObject({ createdAt: CREATED_AT, organisations: 2 });
    expect(tables).toEqual(
      Object.fromEntries(Object.entries(before).map(([name, list]) => [name, list.length])),
    );
    expect(made.summary.bytes).toBe(made.file.length);
    expect(await state(second)).toEqual({ organisations: 2, unforced: [] });

    const third = await make(from);
    await restore({ target: third, input: opening((await backupToBuffer(second)).file) });
    expect(await readAll(third)).toEqual(carried(before));
  } finally {
    await Promise.all(drops.map((drop) => drop()));
  }
}
