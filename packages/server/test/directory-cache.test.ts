import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '../src/app.ts';
import { seeingAll } from './support/backup.ts';
import { addNode, addUser } from './support/directory.ts';
import { addSite, goodEvent, type Members, presenceRows, type Site, submit } from './support/presence.ts';
import { moveTo } from './support/redating.ts';
import { replicaOf, startTestServer, type TestServer } from './support/server.ts';
import { Workplace } from './support/submissions.ts';

let server: TestServer;
/** Another server on the same database. */
let replica: App;
let site: Site;
beforeAll(async () => {
  server = await startTestServer();
  replica = await replicaOf(server);
  await replica.ready();
  site = await addSite(server);
});
afterAll(async () => {
  await replica.close();
  await server.close();
});

let count = 0;

/** The result code of an event on each server. */
async function codes(members: Members): Promise<number[]> {
  const replies = [server.app, replica].map(async (app) => {
    const reply = await submit({ ...server, app }, site, [
      goodEvent(site, { eventId: `e${count++}`, ...members }),
    ]);
    return (reply.json() as { results: { resultCode: number }[] }).results[0]?.resultCode ?? -1;
  });
  return Promise.all(replies);
}

const change = (text: string, ...values: unknown[]) =>
  server.db.owner.inTenant(site.tenantId, (tx) => tx.query(text, [site.tenantId, ...values]));

describe('On every replica, the commit of a change invalidates the directory cache:', () => {
  test('the server finds a user who did not exist before', async () => {
    const userEmail = 'new.person@example.com';
    expect(await codes({ userId: undefined, userEmail })).toEqual([1, 1]);
    await addUser(server.db.owner, site.tenantId, { email: userEmail });
    expect(await codes({ userId: undefined, userEmail })).toEqual([0, 0]);
  });

  test('the server refuses a deactivated user, and finds the user again after reactivation', async () => {
    const { userId } = await addUser(server.db.owner, site.tenantId);
    const setStatus = (status: string) =>
      change('UPDATE users SET status = $3 WHERE tenant_id = $1 AND user_id = $2', userId, status);
    expect(await codes({ userId })).toEqual([0, 0]);
    await setStatus('inactive');
    expect(await codes({ userId })).toEqual([1, 1]);
    await setStatus('active');
    expect(await codes({ userId })).toEqual([0, 0]);
  });

  test('an e-mail address that changes its owner identifies the new owner', async () => {
    const [first, second] = [
      await addUser(server.db.owner, site.tenantId),
      await addUser(server.db.owner, site.tenantId),
    ];
    const event = { userId: undefined, userEmail: first.email };
    expect(await codes(event)).toEqual([0, 0]);
    const setEmail = (userId: string, email: string) =>
      change(
        'UPDATE users SET email = $3, email_folded = $3 WHERE tenant_id = $1 AND user_id = $2',
        userId,
        email,
      );
    await setEmail(first.userId, 'former@example.com');
    expect(await codes(event)).toEqual([1, 1]);
    await setEmail(second.userId, first.email);
    expect(await codes({ ...event, eventId: 'whose' })).toEqual([0, 0]);
    const whose = (await presenceRows(server, site)).filter(({ eventId }) => eventId === 'whose');
    expect(whose.map(({ userId }) => userId)).toEqual([second.userId]);
  });

  test('the e-mail address of a new user goes before the same userName of another user', async () => {
    const named = await addUser(server.db.owner, site.tenantId, {
      userName: 'shared@example.com',
      email: 'a@b.example',
    });
    const event = { userId: undefined, userEmail: named.userName };
    expect(await codes(event)).toEqual([0, 0]);
    const owner = await addUser(server.db.owner, site.tenantId, { email: named.userName });
    expect(await codes({ ...event, eventId: 'shared' })).toEqual([0, 0]);
    const rows = (await presenceRows(server, site)).filter(({ eventId }) => eventId === 'shared');
    expect(rows.map(({ userId }) => userId)).toEqual([owner.userId]);
  });

  test('a desk is retired with its zone', async () => {
    const zoneId = await addNode(server.db.owner, site.tenantId, {
      kind: 'zone',
      parentId: site.office.levelId,
    });
    const locationId = await addNode(server.db.owner, site.tenantId, { kind: 'place', parentId: zoneId });
    expect(await codes({ locationId })).toEqual([0, 0]);
    await change("UPDATE nodes SET status = 'inactive' WHERE tenant_id = $1 AND node_id = $2", zoneId);
    expect(await codes({ locationId })).toEqual([2, 2]);
  });

  test('a card that is given to another user identifies that user', async () => {
    const [first, second] = [
      await addUser(server.db.owner, site.tenantId),
      await addUser(server.db.owner, site.tenantId),
    ];
    const give = (username: string, active: boolean) =>
      server.app.inject({
        method: 'POST',
        url: '/v1/access-credentials',
        headers: { authorization: `Bearer ${token}` },
        payload: {
          data: [
            {
              ...{ username, updateId: 'u' },
              credentials: [{ active, cardNumber: '4711', scanData: ['scan 4711'], credentialType: 'badge' }],
            },
          ],
        },
      });
    const token = await server.token(site.key);
    await give(first.userName, true);
    const event = { userId: undefined, sourceUserId: 'scan 4711' };
    expect(await codes(event)).toEqual([0, 0]);
    await give(first.userName, false);
    expect(await codes(event)).toEqual([1, 1]);
    await give(second.userName, true);
    expect(await codes({ ...event, eventId: 'card' })).toEqual([0, 0]);
    const rows = (await presenceRows(server, site)).filter(({ eventId }) => eventId === 'card');
    expect(rows.map(({ userId }) => userId)).toEqual([second.userId]);
  });

  test('the server still finds the other users, also in a batch with a user who is not in the cache', async () => {
    const people = [];
    for (let index = 0; index < 3; index++) people.push(await addUser(server.db.owner, site.tenantId));
    const [known, gone, unknown] = people.map(({ userId }, index) =>
      goodEvent(site, { eventId: `beside ${index}`, userId }),
    );
    const send = async (...events: unknown[]) =>
      (await submit(server, site, events)).json().results.map(({ resultCode }: Members) => resultCode);
    expect(await send(known, gone)).toEqual([0, 0]);
    await change(
      "UPDATE users SET status = 'inactive' WHERE tenant_id = $1 AND user_id = $2",
      people[1]?.userId,
    );
    expect(await send(unknown, gone, known)).toEqual([0, 1, 0]);
  });

  test('a change by a superuser, without row-level security, counts too', async () => {
    const { userId } = await addUser(server.db.owner, site.tenantId);
    expect(await codes({ userId })).toEqual([0, 0]);
    await seeingAll(server.db.target, (client) =>
      client.query("UPDATE users SET status = 'inactive' WHERE user_id = $1", [userId]),
    );
    expect(await codes({ userId })).toEqual([1, 1]);
  });
});

test('after a change of the time zone, an event has the day in the new zone', async () => {
  const work = await Workplace.open(server, 'Pacific/Kiritimati');
  const event = {
    ...{ eventId: 'before', timestamp: '2026-03-10T00:00:00Z', userId: work.user.userId },
    ...{ locationId: work.office.placeId, locationType: 'place' },
  };
  const send = (eventId: string) =>
    work.submit('presence', { sourceId: 'door', presenceEvents: [{ ...event, eventId }] });
  await send('before');
  await moveTo(work, 'Pacific/Pago_Pago');
  await send('after');
  const days = (await work.exported('presence')).map(({ eventId, day }) => [
    eventId,
    String(day).slice(0, 10),
  ]);
  expect(Object.fromEntries(days)).toEqual({ before: '2026-03-10', after: '2026-03-09' });
});

test('under full load, no event is stored by an outdated status of its user', async () => {
  const { userId } = await addUser(server.db.owner, site.tenantId);
  let isDone = false;
  const load = Array.from({ length: 4 }, async () => {
    while (!isDone) await codes({});
  });
  for (let turn = 0; turn < 25; turn++) {
    const status = turn % 2 === 0 ? 'inactive' : 'active';
    await change('UPDATE users SET status = $3 WHERE tenant_id = $1 AND user_id = $2', userId, status);
    expect(await codes({ userId })).toEqual(turn % 2 === 0 ? [1, 1] : [0, 0]);
  }
  isDone = true;
  await Promise.all(load);
});

test('a statement that changes thousands of users is one new version', async () => {
  const versions = () =>
    change('SELECT sum(changes)::int AS version FROM directory_versions WHERE tenant_id = $1');
  const before = (await versions()).rows;
  await change(
    `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded)
     SELECT $1, gen_random_uuid(), 'bulk' || i, 'bulk' || i FROM generate_series(1, 10000) AS i`,
  );
  const after = (await versions()).rows;
  expect(after).toEqual([{ version: before[0].version + 1 }]);
  await change("UPDATE users SET first_name = 'x' WHERE tenant_id = $1");
  expect((await versions()).rows).toEqual(after);
});
