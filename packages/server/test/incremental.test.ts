import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ChangesClient, DATES, datesOf, followable } from './support/changes.ts';
import { facts, type Row, whole } from './support/consumer.ts';
import { addNode, addUser } from './support/directory.ts';
import { addSite, goodEvent, results } from './support/presence.ts';
import { replicaOf } from './support/server.ts';
import { logChanges } from './support/workday.ts';

const changes = ChangesClient.forEachTest();
const { get, cursorOf, since, write, follower, followed, fill } = changes;

describe('Rollcall-Cursor', () => {
  test.each(followable.map(({ path }) => path))('%s: is on every answer, in every format', async (path) => {
    const cursor = /^[\w-]{40,}$/;
    const dates = datesOf(path);
    const plain = await get(path, dates);
    const authorization = `Bearer ${await changes.server.token(changes.site.key)}`;
    const answers = await Promise.all([
      plain,
      get(path, dates, {}, 'HEAD'),
      get(path, `${dates}&format=ndjson`),
      get(path, `${dates}&format=csv`),
      get(path, dates, { 'accept-encoding': 'gzip' }),
      get(path, dates, plain.headers.etag ? { 'if-none-match': String(plain.headers.etag) } : {}),
      get(path, `changedSince=${plain.headers['rollcall-cursor']}`),
      get(path, `${dates}&limit=1`),
      changes.server.app.inject({ url: `/v1/analytics/${path}?${dates}`, headers: { authorization } }),
    ]);
    for (const answer of answers) expect(String(answer.headers['rollcall-cursor'])).toMatch(cursor);
    expect(answers[5]?.statusCode).toBe(plain.headers.etag ? 304 : 200);
  });

  test('is taken before the first byte: a write during an export is a change since the cursor', async () => {
    await fill();
    const [reply] = await Promise.all([
      get('presence', DATES),
      results(changes.server, changes.site, [goodEvent(changes.site)]),
    ]);
    const came = await since('presence', String(reply.headers['rollcall-cursor']));
    const all = (await get('presence', DATES)).json() as Row[];
    expect(whole([...(reply.json() as Row[]), ...came].filter(isFirst))).toEqual(whole(all));
  });

  test('survives a restart, and is valid on another replica', async () => {
    const cursor = await cursorOf();
    const app = await replicaOf(changes.server);
    const { userId } = await addUser(changes.server.db.owner, changes.site.tenantId);
    const url = `/v1/analytics/users/basic?changedSince=${cursor}`;
    const reply = await app.inject({ url, headers: changes.site.headers });
    expect((reply.json() as Row[]).map((row) => row.userId)).toEqual([userId]);
    await app.close();
  });

  test('shows no row of another organisation', async () => {
    const cursor = await cursorOf();
    await addUser(changes.server.db.owner, changes.site.tenantId);
    changes.site = await addSite(changes.server);
    const mine = [changes.site.user.userId];
    expect((await since('users', cursor)).map((row) => row.userId)).toEqual(mine);
  });

  function isFirst(row: Row, index: number, rows: Row[]): boolean {
    return rows.findIndex((other) => JSON.stringify(other) === JSON.stringify(row)) === index;
  }
});

describe('What ids and clocks would miss:', () => {
  test('the rows of a long transaction come once, after its commit', async () => {
    const consumer = await follower('change-log/user');
    const { userId } = changes.site.user;
    const late = await changes.server.db.owner.connect('late');
    const actionId = randomUUID();
    await late.query('BEGIN');
    await late.query("SELECT set_config('rollcall.tenant_id', $1, true)", [changes.site.tenantId]);
    await late.query(
      `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by)
       VALUES ($1, '2026-03-10T11:00:00Z', $2, $2, $3, '2026-03-10', 'plan', 'changed', 'Late', 'user')`,
      [changes.site.tenantId, actionId, userId],
    );
    for (let n = 0; n < 3; n++) {
      // Later transactions end first. The consumer has read their rows.
      const early = randomUUID();
      await logChanges(changes.server.db.owner, changes.site.tenantId, [
        {
          loggedAt: new Date(changes.server.clock.nowMs).toISOString(),
          userId,
          day: '2026-03-10',
          actionId: early,
        },
      ]);
      expect((await followed(consumer)).map((row) => row.actionId)).toEqual([early]);
      changes.server.clock.advanceS(600);
    }
    await late.query('COMMIT');
    await late.end();
    expect((await followed(consumer)).map((row) => row.actionId)).toEqual([actionId]);
    expect(await followed(consumer)).toEqual([]);
  });

  test('entries with an old logged_at come as changes', async () => {
    const consumer = await follower('change-log/user');
    const { userId } = changes.site.user;
    await logChanges(changes.server.db.owner, changes.site.tenantId, [
      { loggedAt: '2026-03-02T00:00:00Z', userId, day: '2026-03-02' },
    ]);
    expect(await followed(consumer)).toMatchObject([{ eventTime: '2026-03-02T00:00:00.000Z', userId }]);
  });

  test('events that share a key come together, so that none replaces the others', async () => {
    await results(changes.server, changes.site, [goodEvent(changes.site)]);
    const consumer = await follower('presence');
    await results(changes.server, changes.site, [
      goodEvent(changes.site, { locationId: changes.site.office.locationId, locationType: 'location' }),
    ]);
    expect(await followed(consumer)).toHaveLength(2);
  });

  test.each([
    ['presence', 'presence_events', 'user_id', '$4'],
    ['occupancy', 'occupancy_events', 'occupied', '$4::uuid IS NOT NULL'],
    ['visitors', 'visitor_arrivals', 'visitor_name', '$4::uuid::text'],
  ])(
    '%s: a page has all events of a key, so that a client may store page by page',
    async (path, table, column, value) => {
      const { server, site } = changes;
      const { locationId } = site.office;
      const ahead = await addNode(server.db.owner, site.tenantId, {
        kind: 'location',
        timeZone: 'Asia/Tokyo',
      });
      // By day and office, other events are between the events of one key.
      const store = (location: string, day: string, ids: string[]) =>
        write(
          `INSERT INTO ${table} (tenant_id, observed_at, event_digest, day, location_id, node_id, event_id, source_id, received_at, ${column})
           SELECT $1, '2026-03-09T20:00:00Z', gen_random_uuid(), $3::date, $2, $2, id, 'door', now(), ${value}
           FROM unnest($5::text[]) AS id`,
          location,
          day,
          site.user.userId,
          ids,
        );
      await store(locationId, '2026-03-09', ['a', 'b', 'c']);
      const consumer = await follower(path);
      await store(ahead, '2026-03-10', ['a', 'b']);
      const pages: unknown[][] = [];
      await consumer.pages({ changedSince: consumer.cursor, limit: '1' }, (page) => {
        pages.push(page.map(({ eventId }) => eventId));
      });
      expect(pages.filter((page) => page.length > 0).toSorted()).toEqual([
        ['a', 'a'],
        ['b', 'b'],
      ]);
      await consumer.follow(3);
      expect(facts(consumer.rows())).toEqual(facts(await consumer.exported()));
    },
  );
});

describe('A dimension', () => {
  test('that is renamed is a change of the dimension, and not of facts', async () => {
    await fill();
    const followers = new Map(
      await Promise.all(followable.map(async ({ path }) => [path, await follower(path)] as const)),
    );
    await write(
      "UPDATE nodes SET name = 'Renamed' WHERE tenant_id = $1 AND node_id = $2",
      changes.site.office.placeId,
    );
    await write(
      "UPDATE users SET email = 'new@example.com' WHERE tenant_id = $1 AND user_id = $2",
      changes.site.user.userId,
    );
    const came = Object.fromEntries(
      await Promise.all([...followers].map(async ([path, each]) => [path, (await each.follow()).length])),
    );
    const none = Object.fromEntries(followable.map(({ path }) => [path, 0]));
    expect(came).toEqual({ ...none, users: 1, desks: 1 });
  });

  test('changes with its ancestors: the desks of a zone, a level or an office that is renamed, moved or retired', async () => {
    await fill();
    const { zoneId, levelId, locationId } = changes.site.office;
    for (const nodeId of [zoneId, levelId, locationId]) {
      const [desks, spaces] = [await follower('desks'), await follower('spaces')];
      await write("UPDATE nodes SET name = 'Renamed' WHERE tenant_id = $1 AND node_id = $2", nodeId);
      expect(await desks.follow()).toHaveLength(2);
      expect(await spaces.follow()).toHaveLength(nodeId === zoneId ? 0 : 2);
      expect(whole(desks.rows())).toEqual(whole(await desks.exported()));
      expect(whole(spaces.rows())).toEqual(whole(await spaces.exported()));
    }
  });
});
