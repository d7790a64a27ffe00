import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { filterOf } from '../src/provisioning/filter.ts';
import { restore } from '../src/store/backup/restore.ts';
import { Database, type DatabaseTarget } from '../src/store/connections/db.ts';
import { listUsers } from '../src/store/directory/user-list.ts';
import { listProvisionedUsers, USER_COLUMNS } from '../src/store/provisioning/provisioned-users.ts';
import { migrate } from '../src/store/schema/migrate.ts';
import { backupToBuffer, createPlainlyOwnedDatabase, opening, seeingAll } from './support/backup.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';
import { addUser } from './support/directory.ts';
import { addFirstUsers, byTrigrams } from './support/trigrams.ts';

describe('the index of trigrams', () => {
  let db: TestDatabase;
  let tenantId: string;
  beforeAll(async () => {
    db = await createTestDatabase();
    tenantId = await createTestOrganisation(db.owner);
  });
  afterAll(() => db.drop());

  test('shows no user of another organisation, and none before the transaction has entered one', async () => {
    const other = await createTestOrganisation(db.owner);
    const { userId } = await addUser(db.owner, tenantId, { userName: 'quixote' });
    const theirs = await addUser(db.owner, other, { userName: 'quixote' });
    expect(await byTrigrams(db, tenantId, ['quix'])).toEqual([userId]);
    expect(await byTrigrams(db, other, ['quix'])).toEqual([theirs.userId]);
    expect(await byTrigrams(db, '', ['quix'])).toEqual([]);
    expect(await byTrigrams(db, randomUUID(), ['quix'])).toEqual([]);
  });

  test('shows own users only also to statements that read its table', async () => {
    const visible = (tenant: string, piece: string) =>
      db.restricted.inTenant(tenant, async (tx) => {
        await tx.query("SELECT set_config('rollcall.search_piece', $1, true)", [piece]);
        const { rows } = await tx.query('SELECT user_id FROM user_searches');
        return rows.length;
      });
    expect(await visible('', '%')).toBe(0);
    expect(await visible(tenantId, '')).toBe(0);
    expect(await visible(tenantId, '%')).toBe(1);
    const readNames = db.restricted.inTenant(tenantId, (tx) =>
      tx.query('SELECT user_name FROM user_searches'),
    );
    await expect(readNames).rejects.toThrow(/permission denied/);
  });

  test('declines parts that do not have three letters, parts of many users, and too many users', async () => {
    await addFirstUsers(db, tenantId, 400);
    for (const parts of [[], ['ui'], ['u x', '%%%%'], ['common'], ['common', 'person']])
      expect(await byTrigrams(db, tenantId, parts)).toBeNull();
    expect(await byTrigrams(db, tenantId, ['quix', 'ui'])).toHaveLength(1);
    for (const i of [1, 2, 3]) await addUser(db.owner, tenantId, { userName: `sancho${i}` });
    expect(await byTrigrams(db, tenantId, ['sancho'], 3)).toHaveLength(3);
    expect(await byTrigrams(db, tenantId, ['sancho'], 2)).toBeNull();
  });

  test('looks for the piece of the parts that few users have', async () => {
    const organisation = await createTestOrganisation(db.owner);
    await addFirstUsers(db, organisation, 1_200);
    const { userId } = await addUser(db.owner, organisation, { userName: 'zapata.many@work.test' });
    const other = await addUser(db.owner, organisation, { userName: 'zapata.maria@home.test' });
    const part = 'zapata.many@work.test';
    for (const parts of [[part], ['many', 'zapata'], ['zap', 'common', 'person']])
      expect((await byTrigrams(db, organisation, parts))?.toSorted()).toEqual(
        [userId, other.userId].toSorted(),
      );
    expect(await byTrigrams(db, organisation, ['many@work.test'])).toBeNull();
  });

  test('finds the users who have all words, whatever the piece, in pages', async () => {
    const organisation = await createTestOrganisation(db.owner);
    await addFirstUsers(db, organisation, 1_200);
    const added: { userId: string; userName: string }[] = [];
    for (const userName of ['zapata.many@work.test', 'zapata.maria@home.test', 'maria.zapata', 'zapata'])
      added.push(await addUser(db.owner, organisation, { userName }));
    const idsOf = (part: string) =>
      added
        .filter(({ userName }) => userName.includes(part))
        .map(({ userId }) => userId)
        .sort();
    const search = async (
      words: string[],
      limit = 100,
      further: { status?: string; after?: string } = {},
    ) => {
      const { after = null, ...filter } = further;
      const users = await db.restricted.inTenant(organisation, (tx) =>
        listUsers(tx, organisation, { words, ...filter }, { limit, after }),
      );
      return users.map((user) => user.userId);
    };
    expect(await search(['zapata.many@work.test'])).toEqual(idsOf('many'));
    expect(await search(['MARIA', 'zapata'])).toEqual(idsOf('maria'));
    expect(await search(['zapata'])).toEqual(idsOf('zapata'));
    expect(await search(['zapata'], 100, { status: 'active' })).toEqual(idsOf('zapata'));
    expect(await search(['zapata'], 100, { status: 'inactive' })).toEqual([]);
    // One more than the page tells that there is a further page.
    expect(await search(['zapata'], 2)).toEqual(idsOf('zapata').slice(0, 3));
    expect(await search(['zapata'], 2, { after: idsOf('zapata')[1] ?? '' })).toEqual(
      idsOf('zapata').slice(2),
    );
  });

  test('reads few users of an organisation that was empty when the connection made its plans, and that statistics do not know', async () => {
    await addFirstUsers(db, await createTestOrganisation(db.owner), 3_000);
    await db.owner.inSystem((tx) => tx.query('ANALYZE users'));
    const grown = await createTestOrganisation(db.owner);
    const read = await db.owner.inTenant(grown, async (tx) => {
      await tx.query('SET LOCAL ROLE rollcall_app');
      const search = () => listUsers(tx, grown, { words: ['quixote'] }, { limit: 100, after: null });
      for (let turn = 0; turn < 7; turn++) {
        await tx.query("SELECT users_by_trigrams('{quix}', 10)");
        expect(await search()).toEqual([]);
      }
      await tx.query('RESET ROLE');
      await tx.query(
        `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded)
         SELECT $1, gen_random_uuid(), n, n, n, n
         FROM (SELECT CASE i WHEN 5000 THEN 'quixote' ELSE 'many' || i END AS n FROM generate_series(1, 10000) i) AS named`,
        [grown],
      );
      await tx.query('SET LOCAL ROLE rollcall_app');
      const rowsRead = async () => {
        const { rows } = await tx.query<{ read: number }>(
          `SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS read FROM pg_stat_xact_user_tables
           WHERE schemaname = 'rollcall' AND relname = 'users'`,
        );
        return rows[0]?.read ?? 0;
      };
      const before = await rowsRead();
      expect(await search()).toMatchObject([{ userName: 'quixote' }]);
      const searched = await rowsRead();
      const filter = filterOf('userName co "quixote" or emails co "quixote"', USER_COLUMNS);
      const page = { offset: 0, limit: 10 };
      expect(await listProvisionedUsers(tx, grown, filter, page)).toMatchObject({ total: 1 });
      return { search: searched - before, filter: (await rowsRead()) - searched };
    });
    // A thousand in the order of ids, and two hundred for the choice of a piece.
    expect(read.search).toBeLessThan(1_300);
    expect(read.filter).toBeLessThan(500);
  });
});

describe('a database', () => {
  let drops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const drop of drops) await drop();
    drops = [];
  });
  async function plainlyOwned(): Promise<DatabaseTarget> {
    const { target, drop } = await createPlainlyOwnedDatabase();
    drops.push(drop);
    return target;
  }
  /** As some providers of databases do. */
  const refuseExtensions = (target: DatabaseTarget) =>
    seeingAll(target, (client) =>
      client.query(`
        CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'This extension is not allowed.' USING ERRCODE = 'insufficient_privilege'; END $$;
        CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION public.refuse()`),
    );
  const allowExtensions = (target: DatabaseTarget) =>
    seeingAll(target, (client) => client.query('DROP EVENT TRIGGER refuse'));
  /** Whether the database has the index, and the userNames that a search for `quix` finds. */
  async function searched(target: DatabaseTarget, tenantId: string) {
    const owner = new Database({ target, as: 'owner', poolSize: 1 });
    drops.unshift(() => owner.close());
    return owner.inTenant(tenantId, async (tx) => {
      const { rows } = await tx.query("SELECT users_by_trigrams('{quix}', 10) IS NOT NULL AS has");
      const found = await listUsers(tx, tenantId, { words: ['quix'] }, { limit: 10, after: null });
      return [rows[0].has, found.map(({ userName }) => userName)];
    });
  }
  async function addQuixote(target: DatabaseTarget): Promise<string> {
    const owner = new Database({ target, as: 'owner', poolSize: 1 });
    try {
      const tenantId = await createTestOrganisation(owner);
      await addUser(owner, tenantId, { userName: 'Quixote' });
      return tenantId;
    } finally {
      await owner.close();
    }
  }

  test('of a plain owner gets the index at its first migration, also for users who are there already', async () => {
    const target = await plainlyOwned();
    await migrate(target, { upTo: '0029_scim_lists' });
    const tenantId = await addQuixote(target);
    await migrate(target);
    expect(await searched(target, tenantId)).toEqual([true, ['Quixote']]);
  });

  test('that refuses extensions finds the same users without, and gets the index at a later start', async () => {
    const target = await plainlyOwned();
    await refuseExtensions(target);
    await migrate(target);
    const tenantId = await addQuixote(target);
    await migrate(target);
    expect(await searched(target, tenantId)).toEqual([false, ['Quixote']]);
    await allowExtensions(target);
    await Promise.all([migrate(target), migrate(target)]);
    expect(await searched(target, tenantId)).toEqual([true, ['Quixote']]);
  });

  test('may have the extensions in any schema, and lose them', async () => {
    const target = await plainlyOwned();
    await seeingAll(target, (client) =>
      client.query(
        `CREATE SCHEMA "Theirs"; CREATE EXTENSION pg_trgm SCHEMA "Theirs"; CREATE EXTENSION btree_gin SCHEMA "Theirs"`,
      ),
    );
    await migrate(target);
    const tenantId = await addQuixote(target);
    // The owner may not use this schema yet.
    expect(await searched(target, tenantId)).toEqual([false, ['Quixote']]);
    await seeingAll(target, (client) => client.query('GRANT USAGE ON SCHEMA "Theirs" TO PUBLIC'));
    await migrate(target);
    expect(await searched(target, tenantId)).toEqual([true, ['Quixote']]);
    await seeingAll(target, (client) => client.query('DROP EXTENSION pg_trgm CASCADE'));
    expect(await searched(target, tenantId)).toEqual([false, ['Quixote']]);
  });

  test('takes a backup of one with the index, and without the extensions gives the same answers', async () => {
    const source = await plainlyOwned();
    await migrate(source);
    const tenantId = await addQuixote(source);
    const { file } = await backupToBuffer(source);
    for (const has of [true, false]) {
      const target = await plainlyOwned();
      if (!has) await refuseExtensions(target);
      await restore({ target, input: opening(file) });
      expect(await searched(target, tenantId)).toEqual([has, ['Quixote']]);
    }
  });
});
