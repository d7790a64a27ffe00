import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seeingAll } from './support/backup.ts';
import { addNode, addUser, type TestUser } from './support/directory.ts';
import { untilAllWait, whileLocked } from './support/locks.ts';
import { addSite, goodEvent, type Members, presenceRows, type Site, submit } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

/** Long waits are possible here, because look-ups wait for the lock that the test itself holds. */
const STUCK_MS = 60_000;

let server: TestServer;
let sites: [Site, Site, Site];
beforeAll(async () => {
  server = await startTestServer({}, { database: { poolSize: 2 } });
  sites = [await addSite(server), await addSite(server), await addSite(server)];
  // The function counts all look-ups, and fails if one asks for this address.
  await seeingAll(server.db.target, (client) =>
    client.query(`
      ALTER FUNCTION look_up_directory RENAME TO look_up_directory_uncounted;
      CREATE SEQUENCE look_ups;
      GRANT USAGE ON look_ups TO PUBLIC;
      CREATE FUNCTION look_up_directory(tenant uuid, ids uuid[], names text[], folded text[], cards uuid[], nodes uuid[])
      RETURNS json LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM nextval('look_ups');
        IF 'poison@example.com' = ANY (names) THEN RAISE EXCEPTION 'poison'; END IF;
        RETURN look_up_directory_uncounted(tenant, ids, names, folded, cards, nodes);
      END $$;
      GRANT EXECUTE ON FUNCTION look_up_directory TO PUBLIC`),
  );
});
afterAll(() => server.close());

async function countLookUps(): Promise<number> {
  const { rows } = await seeingAll(server.db.target, (client) =>
    client.query('SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS count FROM look_ups'),
  );
  return rows[0].count;
}

/**
 * Sends concurrent requests with one event each. Returns their result codes in order, or the status if it is not 200.
 */
function sendAll(events: { site: Site; members: Members }[]): Promise<unknown[]> {
  return Promise.all(
    events.map(async ({ site, members }) => {
      const reply = await submit(server, site, [goodEvent(site, members)]);
      return reply.statusCode === 200 ? reply.json().results[0].resultCode : reply.statusCode;
    }),
  );
}

/** Like `sendAll`, but no look-up can run until all requests have arrived. */
function sendTogether(events: { site: Site; members: Members }[]): Promise<unknown[]> {
  return whileLocked(server.db.target, 'users', 'ACCESS EXCLUSIVE', () => sendAll(events));
}

const byEmail = (site: Site, userEmail: string, eventId: string) => ({
  site,
  members: { eventId, userId: undefined, userEmail },
});

async function peopleOf(site: Site, prefix: string): Promise<Record<string, string>> {
  const rows = (await presenceRows(server, site)).filter(({ eventId }) => eventId.startsWith(prefix));
  return Object.fromEntries(rows.map(({ eventId, userId }) => [eventId, userId]));
}

test('requests that name new users share look-ups, and each resolves in its own organisation', async () => {
  const people = await Promise.all(
    sites.map((site, at) =>
      Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          // The same address belongs to another user in each organisation. Half of them exist only in the first two.
          at === 2 && index % 2 === 0
            ? undefined
            : addUser(server.db.owner, site.tenantId, { email: `shared${index}@example.com` }),
        ),
      ),
    ),
  );
  const before = await countLookUps();
  const events = sites.flatMap((site) =>
    Array.from({ length: 20 }, (_, index) => byEmail(site, `shared${index}@example.com`, `shared ${index}`)),
  );
  const codes = await sendTogether(events);
  expect(codes).toEqual(people.flat().map((user) => (user ? 0 : 1)));
  for (const [at, site] of sites.entries()) {
    const expected = (people[at] ?? []).flatMap((user, index) =>
      user ? [[`shared ${index}`, user.userId]] : [],
    );
    expect(await peopleOf(site, 'shared')).toEqual(Object.fromEntries(expected));
  }
  // The first requests are looked up alone, and all others together: once for each organisation, and again if they are
  // too many.
  expect((await countLookUps()) - before).toBeLessThan(12);
});

test('users from a shared look-up are not looked up again', async () => {
  const [first, second] = sites;
  const sent = ['shared1@example.com', 'shared3@example.com'].flatMap((email, index) => [
    byEmail(first, email, `again ${index}`),
    byEmail(second, email, `again ${index}`),
  ]);
  const before = await countLookUps();
  expect(await sendAll(sent)).toEqual([0, 0, 0, 0]);
  expect(await countLookUps()).toBe(before);
});

test('users by id, name and card, and nodes, share a look-up, and each identifier matches only its kind', async () => {
  const [site, other] = sites;
  const holder = await addUser(server.db.owner, site.tenantId);
  const named: TestUser = await addUser(server.db.owner, site.tenantId);
  const deskId = await addNode(server.db.owner, site.tenantId, {
    kind: 'place',
    parentId: site.office.zoneId,
  });
  const card = { active: true, cardNumber: 'c1', scanData: ['scan'], credentialType: 'badge' };
  const given = await server.app.inject({
    method: 'POST',
    url: '/v1/access-credentials',
    headers: { authorization: `Bearer ${await server.token(site.key)}` },
    payload: { data: [{ username: holder.userName, updateId: 'u', credentials: [card] }] },
  });
  expect(given.json()).toMatchObject({ result: 'OK' });
  const of = (at: Site, eventId: string, members: Members) => ({
    site: at,
    members: { eventId, ...members },
  });
  const codes = await sendTogether([
    of(site, 'kinds card', { userId: undefined, sourceUserId: 'scan' }),
    of(other, 'kinds card', { userId: undefined, sourceUserId: 'scan' }),
    of(site, 'kinds name', { userId: undefined, userEmail: named.userName }),
    of(site, 'kinds upper', { userId: named.userId.toUpperCase(), locationId: deskId.toUpperCase() }),
    of(site, 'kinds email as id', { userId: named.email }),
    of(site, 'kinds id as email', { userId: undefined, userEmail: named.userId }),
    of(other, 'kinds foreign person', { userId: named.userId }),
    of(other, 'kinds foreign desk', { locationId: deskId }),
  ]);
  expect(codes).toEqual([0, 1, 0, 0, 1, 1, 1, 2]);
  expect(await peopleOf(site, 'kinds')).toEqual({
    'kinds card': holder.userId,
    'kinds name': named.userId,
    'kinds upper': named.userId,
  });
  expect(await peopleOf(other, 'kinds')).toEqual({});
});

test('a failed look-up fails only its own request', async () => {
  const strangers = await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      const site = sites[index % 3] as Site;
      const { email } = await addUser(server.db.owner, site.tenantId);
      return byEmail(site, email, `stranger ${index}`);
    }),
  );
  const [site] = sites;
  const sent = [
    ...strangers.slice(0, 15),
    byEmail(site, 'poison@example.com', 'poison'),
    ...strangers.slice(15),
  ];
  const codes = await sendTogether(sent);
  expect(codes).toEqual(sent.map(({ members }) => (members.eventId === 'poison' ? 500 : 0)));
});

test('look-ups do not wait for other work of the database', async () => {
  const [site] = sites;
  const { email } = await addUser(server.db.owner, site.tenantId);
  await seeingAll(server.db.target, async (client) => {
    await client.query('BEGIN; LOCK TABLE groups IN ACCESS EXCLUSIVE MODE');
    // One writer of each organisation, because writers of one wait for one another before they take a connection.
    const busy = sites.map(({ headers }) =>
      server.app.inject({
        method: 'PUT',
        url: '/v1/directory-management/group-relationships/basic',
        headers,
        payload: { groupRelationships: [] },
      }),
    );
    await untilAllWait(server.db.target);
    const codes = await Promise.race([
      sendAll([byEmail(site, email, 'beside')]),
      delay(STUCK_MS, 'waited', { ref: false }),
    ]);
    await client.query('COMMIT');
    expect((await Promise.all(busy)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(codes).toEqual([0]);
  });
});
