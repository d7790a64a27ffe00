import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkMigrations } from '../src/cli/doctor/database.ts';
import { MIGRATIONS_DIR } from '../src/store/release.ts';
import { migrate } from '../src/store/schema/migrate.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

/** Migrations of a later release. */
const ROLLING = '9998_rolling';
const OTHER = '9999_other';
const PROCESS = '11111111-1111-4111-8111-111111111111';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rollcall-migrations-'));
});
afterAll(() => rm(dir, { recursive: true }));

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
  await rm(dir, { recursive: true });
  await cp(MIGRATIONS_DIR, dir, { recursive: true });
});
afterEach(() => database.drop());

const write = (name: string, head: string) =>
  writeFile(join(dir, `${name}.sql`), `${head}-- Up Migration\nCREATE TABLE "${name}" (x integer);\n`);
const migrateLater = (options = {}) => migrate(database.target, { dir, ...options });

/** A server process that noted so long ago that it lives. */
const note = (secondsAgo: number) =>
  database.owner.inSystem((tx) =>
    tx.query(
      'INSERT INTO server_processes VALUES (gen_random_uuid(), clock_timestamp() - make_interval(secs => $1))',
      [secondsAgo],
    ),
  );

/** A server process that lives: it notes so until the end of `work`. */
async function besideServer<T>(work: () => Promise<T>): Promise<T> {
  let ended = false;
  const tell = (what: 'note' | 'forget') =>
    database.owner.inSystem((tx) => tx.query(`SELECT ${what}_server_process($1)`, [PROCESS]));
  const beats = async () => {
    while (!ended) await tell('note');
  };
  await tell('note');
  const beating = beats();
  try {
    return await work();
  } finally {
    ended = true;
    await beating;
    await tell('forget');
  }
}

describe('A migration of a later release', () => {
  test.each(['', '-- rolling: no\n', '-- rolling: perhaps\n', '\n-- rolling: yes\n'])(
    'is refused beside a live server, if it begins with %j',
    async (head) => {
      await write(ROLLING, '-- rolling: yes\n');
      await write(OTHER, head);
      await besideServer(async () => {
        await expect(migrateLater()).rejects.toThrow(
          `The migration ${OTHER} is due, which servers of the earlier release cannot live with, and 1 of their processes use the database; stop them`,
        );
        // Also the one that could have been applied: the later release needs both.
        await expect(migrate(database.target)).resolves.toEqual([]);
      });
      expect(await migrateLater()).toEqual([ROLLING, OTHER]);
    },
  );

  test('is applied at once beside a live server, if it is rolling', async () => {
    await write(ROLLING, '-- rolling: yes\n');
    await besideServer(async () => expect(await migrateLater()).toEqual([ROLLING]));
  });

  test('is applied beside a live server, if the operator says that none runs', async () => {
    await write(OTHER, '');
    await besideServer(async () => expect(await migrateLater({ serversStopped: true })).toEqual([OTHER]));
  });

  test('waits for a process that may have been killed, until it is forgotten, and is then applied', async () => {
    await write(OTHER, '');
    await note(8);
    await note(60);
    expect(await migrateLater()).toEqual([OTHER]);
    const { rows } = await database.owner.inSystem((tx) =>
      tx.query("SELECT FROM server_processes WHERE seen_at > clock_timestamp() - interval '10 seconds'"),
    );
    expect(rows).toEqual([]);
  });

  test('is applied by one of several new processes, which wait for a killed one', async () => {
    await write(OTHER, '');
    await note(8);
    const applied = await Promise.all(Array.from({ length: 3 }, () => migrateLater()));
    expect(applied.flat()).toEqual([OTHER]);
  });
});

test('a schema without a list of processes refuses nothing', async () => {
  const old = await createTestDatabase({ migrated: false });
  try {
    await migrate(old.target, { upTo: '0043_key_networks' });
    expect(await migrate(old.target)).toContain('0044_rate_limits');
  } finally {
    await old.drop();
  }
});

test('rollcall doctor says whether servers must stop for what is due', async () => {
  await write(ROLLING, '-- rolling: yes\n');
  await write(OTHER, '');
  const remedyOf = async (...pending: string[]) =>
    (await checkMigrations({ pending, unknown: [] }, dir)).remedy;
  expect(await remedyOf(ROLLING)).toContain('replace its servers one after the other');
  expect(await remedyOf(ROLLING, OTHER)).toContain('stop all its servers');
});
