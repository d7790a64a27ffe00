import { afterEach, beforeEach, expect, test } from 'vitest';
import { seeingAll } from './support/backup.ts';
import { addUser } from './support/directory.ts';
import { runErasures } from './support/erasing.ts';
import { type ManageClient, manageClient } from './support/manage.ts';
import { type Planted, plantPerson } from './support/person-data.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';
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
