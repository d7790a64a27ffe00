import { afterEach, beforeEach, expect, test } from 'vitest';
import { deriveGroups } from '../src/store/directory/derived-groups.ts';
import { seeingAll } from './support/backup.ts';
import { addUser } from './support/directory.ts';
import { runErasures } from './support/erasing.ts';
import { type ManageClient, manageClient } from './support/manage.ts';
import { OWN, type Planted, plantPerson, wordsInDatabase } from './support/person-data.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';
import { until } from './support/waiting.ts';
import { storeDays } from './support/workday.ts';

let server: TestServer;
let planted: Planted;
let manage: ManageClient;
beforeEach(async () => {
  server = await startTestServer();
  planted = await plantPerson(server);
  manage = await manageClient(server, planted.tenantId);
  await browserWithRole(server, planted.tenantId, 'administrator', 'second@example.com');
  expect((await erase(planted.userId)).statusCode).toBe(202);
});

afterEach(() => server.close());

const erase = (userId: string) => manage.send('POST', `users/${userId}/erasure`);
const finishedAt = async (userId: string) => {
  const { erasure } = await manage.get(`users/${userId}/erasure`);
  return (erasure as { finishedAt: string | null }).finishedAt;
};
const write = (sql: string, values: unknown[] = []) =>
  seeingAll(server.db.target, (client) => client.query(sql, values));

/** Runs `work` while the database does `body`, of PL/pgSQL, before each update of a table. */
async function whileUpdates(table: string, body: string, work: () => Promise<void>): Promise<void> {
  await write(
    `CREATE FUNCTION test_fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$;
     CREATE TRIGGER aa_test_fault BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION test_fault()`,
  );
  try {
    await work();
  } finally {
    await write(`DROP TRIGGER aa_test_fault ON ${table}; DROP FUNCTION test_fault`);
  }
}

test('an erasure does not end while a row has the id, and the next run does the rest', async () => {
  const left = `IF OLD.user_id = '${planted.userId}' THEN RETURN NULL; END IF; RETURN NEW;`;
  await whileUpdates('presence_events', left, async () => {
    await runErasures(server);
    expect(await finishedAt(planted.userId)).toBeNull();
  });
  await runErasures(server);
  expect(await finishedAt(planted.userId)).not.toBeNull();
  const { rows } = await write('SELECT FROM presence_events WHERE user_id = $1', [planted.userId]);
  expect(rows).toEqual([]);
});

test('an erasure does not end while the user is active, and the next run makes the user inactive', async () => {
  const activate = "UPDATE users SET status = 'active' WHERE user_id = $1";
  const again = `IF NEW.status = 'inactive' AND NEW.user_id = '${planted.userId}' THEN NEW.status = 'active'; END IF; RETURN NEW;`;
  await whileUpdates('users', again, async () => {
    await write(activate, [planted.userId]);
    await runErasures(server);
    expect(await finishedAt(planted.userId)).toBeNull();
  });
  await runErasures(server);
  expect(await finishedAt(planted.userId)).not.toBeNull();
});

test('an erasure that fails stops no other, and is reported', async () => {
  const other = await addUser(server.db.owner, planted.tenantId);
  expect((await erase(other.userId)).statusCode).toBe(202);
  const fails = `IF OLD.user_id = '${planted.userId}' THEN RAISE 'planted fault'; END IF; RETURN NEW;`;
  await whileUpdates('presence_events', fails, async () => {
    await expect(runErasures(server)).rejects.toThrow('planted fault');
    expect(await finishedAt(planted.userId)).toBeNull();
    expect(await finishedAt(other.userId)).not.toBeNull();
  });
  await runErasures(server);
  expect(await finishedAt(planted.userId)).not.toBeNull();
});

test('a person whom an older release brought back with the old id is erased again, on days that the pseudonym has, too', async () => {
  const { tenantId, userId, office } = planted;
  const day = { day: '2026-03-09', plan: 'o' as const, locationId: office.locationId };
  const daysOf = async () => {
    const { rows } = await write(
      `SELECT p.user_id AS "userId", p.plan, b.node_id AS "nodeId" FROM day_plans p LEFT JOIN bookings b USING (tenant_id, user_id, day)
       WHERE p.tenant_id = $1 AND p.day = '2026-03-09'`,
      [tenantId],
    );
    return rows;
  };
  await storeDays(server.db.owner, tenantId, [{ userId: planted.otherId, ...day }]);
  expect((await erase(planted.otherId)).statusCode).toBe(202);
  await runErasures(server);
  const before = await daysOf();
  expect(before).toHaveLength(1);
  await addUser(server.db.owner, tenantId, { userId: planted.otherId });
  await storeDays(server.db.owner, tenantId, [{ userId: planted.otherId, ...day }]);
  expect((await erase(planted.otherId)).statusCode).toBe(202);
  await runErasures(server);
  expect(await finishedAt(planted.otherId)).not.toBeNull();
  expect(await daysOf()).toEqual(before);
  expect((await manage.send('GET', `users/${userId}`)).statusCode).toBe(404);
});

test('exports that go on delay no erasure, and the state of an erasure needs none of their connections', async () => {
  const database = server.db.restricted;
  const exports = Array.from({ length: database.streamSizes.exports }, () =>
    database.stream('exports', planted.tenantId, async function* (tx) {
      yield await tx.query('SELECT count(*) FROM nodes');
      yield await tx.query('SELECT count(*) FROM nodes');
    }),
  );
  for (const each of exports) expect(await each.next()).toMatchObject({ done: false });
  expect(await finishedAt(planted.userId)).toBeNull();
  await runErasures(server);
  expect(await finishedAt(planted.userId)).not.toBeNull();
  for (const each of exports) expect(await each.next()).toMatchObject({ done: false });
  for (const each of exports) await each.return();
});

test('plans and bookings ahead that come after the request go with the job', async () => {
  const { tenantId, userId, office } = planted;
  const locationId = office.locationId;
  await storeDays(server.db.owner, tenantId, [{ userId, day: '2026-03-20', plan: 'o', locationId }]);
  await runErasures(server);
  const { rows } = await write("SELECT FROM day_plans WHERE tenant_id = $1 AND day = '2026-03-20'", [
    tenantId,
  ]);
  expect(rows).toEqual([]);
});

test('what comes while the erasure waits for a transaction of before goes, too', async () => {
  const { tenantId, userId, otherId, email } = planted;
  const erasing = await server.db.restricted.inTenant(tenantId, async (tx) => {
    await tx.query('SELECT FROM nodes LIMIT 1');
    const running = runErasures(server);
    await until(async () => {
      const { erasure } = await manage.get(`users/${userId}/erasure`);
      return (erasure as { rows: Record<string, number> }).rows['refused-events-sent'];
    });
    expect(await finishedAt(userId)).toBeNull();
    await tx.query(
      `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by, changed_by_name)
       VALUES ($1, '2026-03-10T12:00:00Z', gen_random_uuid(), gen_random_uuid(), $2, '2026-03-12', 'plan', 'changed', $3, 'admin', $4)`,
      [tenantId, otherId, `Late ${email}`, email],
    );
    await tx.query(
      `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, sender, api_key_folded, endpoint, cause, reason, event)
       VALUES ($1, '2026-03-10T12:00:00Z', gen_random_uuid(), 'key', 'k', 'presence', 'unknownUser', 'none', $2)`,
      [tenantId, JSON.stringify({ userEmail: email })],
    );
    return { running };
  });
  await erasing.running;
  expect(await finishedAt(userId)).not.toBeNull();
  expect(await wordsInDatabase(server, email.toLowerCase())).toEqual(new Map());
});

test('the groups of colleagues follow when they lose the manager', async () => {
  const { tenantId, otherId } = planted;
  await write('UPDATE users SET attributes = $3 WHERE tenant_id = $1 AND user_id = $2', [
    tenantId,
    otherId,
    { manager: `ext-${OWN}`, team: 'red' },
  ]);
  await server.db.owner.inTenant(tenantId, (tx) =>
    deriveGroups(
      tx,
      tenantId,
      { groupAttributes: ['manager', 'team'], primaryGroupAttribute: null },
      'everyone',
    ),
  );
  await write(
    `INSERT INTO organisation_settings (tenant_id, group_attributes) VALUES ($1, '{manager,team}')
     ON CONFLICT (tenant_id) DO UPDATE SET group_attributes = excluded.group_attributes`,
    [tenantId],
  );
  const groups = async () => {
    const { rows } = await write(
      'SELECT g.group_type AS type FROM group_members m JOIN groups g USING (tenant_id, group_id) WHERE m.user_id = $1 ORDER BY 1',
      [otherId],
    );
    return rows.map(({ type }) => type);
  };
  expect(await groups()).toEqual(['manager', 'team']);
  await runErasures(server);
  expect(await groups()).toEqual(['team']);
});

test('the role that serves requests can neither end an erasure nor rename a visitor, and erases no visits of others', async () => {
  const asServer = (sql: string, tenantId = planted.tenantId) =>
    server.db.restricted.inTenant(tenantId, (tx) => tx.query(sql));
  for (const change of [
    'UPDATE erasures SET finished_at = now(), user_id = NULL, names = NULL',
    'INSERT INTO erasures (tenant_id) VALUES (current_tenant_id())',
    'DELETE FROM erasures',
    "UPDATE visitor_arrivals SET visitor_name = 'x'",
    'UPDATE visitor_arrivals SET event_digest = gen_random_uuid()',
  ]) {
    await expect(asServer(change), change).rejects.toThrow('permission denied');
  }
  const erased = `SELECT erase_visits('{home.${OWN}@example.com}', NULL, '2026-01-01', '2027-01-01') AS visits`;
  expect((await asServer(erased, await server.organisation())).rows).toEqual([{ visits: 0 }]);
  expect((await asServer(erased)).rows).toEqual([{ visits: 1 }]);
});
