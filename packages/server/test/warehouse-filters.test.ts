import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addOffice, addUser } from './support/directory.ts';
import { addSite, goodEvent, presenceRows, results, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  site = await addSite(server);
});
afterAll(() => server.close());

const DATES = 'startDate=2026-03-01&endDate=2026-03-31';

test('presence is ordered by day, then user, then location, also across read batches', async () => {
  const offices = [site.office, await addOffice(server.db.owner, site.tenantId, 'UTC')];
  const users = [site.user, await addUser(server.db.owner, site.tenantId)];
  const events = Array.from({ length: 600 }, (_, index) =>
    goodEvent(site, {
      eventId: `e${index}`,
      userId: users[index % 2]?.userId,
      locationId: offices[Math.floor(index / 2) % 2]?.placeId,
      timestamp: new Date(Date.UTC(2026, 2, 5 - (index % 5), 8, index % 60)).toISOString(),
    }),
  );
  for (let start = 0; start < 600; start += 100)
    await results(server, site, events.slice(start, start + 100));
  const rows = await presenceRows(server, site, 'startDate=2026-03-01&endDate=2026-03-31');
  const keys = rows.map((row) => `${row.day} ${row.userId} ${row.locationId} ${row.timestamp}`);
  expect(keys).toHaveLength(600);
  expect(keys).toEqual(keys.toSorted());
});

describe('locationIds and userIds', () => {
  test('locationIds takes any node, and selects it with all its descendants', async () => {
    const other = await addOffice(server.db.owner, site.tenantId);
    const at = (office: typeof other, name: string) =>
      (['location', 'level', 'zone', 'place', 'space'] as const).map((kind) =>
        goodEvent(site, { eventId: `${name}${kind}`, locationType: kind, locationId: office[`${kind}Id`] }),
      );
    await results(server, site, [...at(site.office, ''), ...at(other, 'other ')]);
    const selected = async (filter: string) =>
      (await presenceRows(server, site, `${DATES}&${filter}`)).map((row) => row.eventId).toSorted();
    const { locationId, levelId, zoneId, placeId, spaceId } = site.office;
    expect(await selected(`locationIds=${locationId}`)).toEqual([
      'level',
      'location',
      'place',
      'space',
      'zone',
    ]);
    expect(await selected(`locationIds=${levelId}`)).toEqual(['level', 'place', 'space', 'zone']);
    expect(await selected(`locationIds=${zoneId.toUpperCase()}`)).toEqual(['place', 'zone']);
    expect(await selected(`locationIds=${placeId}`)).toEqual(['place']);
    expect(await selected(`locationIds=${spaceId}`)).toEqual(['space']);
    expect(await selected(`locationIds=${placeId},%20${other.zoneId},${randomUUID()},x`)).toEqual([
      'other place',
      'other zone',
      'place',
    ]);
  });

  test('userIds takes several ids, both filters apply together, and unknown ids select nothing', async () => {
    const [a, b] = [site.user, await addUser(server.db.owner, site.tenantId)];
    await results(server, site, [goodEvent(site), goodEvent(site, { userId: b.userId })]);
    const selected = async (filter: string) =>
      (await presenceRows(server, site, `${DATES}&${filter}`)).map((row) => row.userId).toSorted();
    expect(await selected(`userIds=${a.userId}`)).toEqual([a.userId]);
    expect(await selected(`userIds=${a.userId},${b.userId.toUpperCase()}`)).toEqual(
      [a.userId, b.userId].toSorted(),
    );
    expect(await selected(`userIds=${b.userId}&locationIds=${site.office.levelId}`)).toEqual([b.userId]);
    for (const unknown of [randomUUID(), 'x', 'x,', `${'x'.repeat(1_000)}`, '%00', "'"]) {
      expect(await selected(`userIds=${unknown}`)).toEqual([]);
      expect(await selected(`locationIds=${unknown}`)).toEqual([]);
    }
    expect(await selected(`userIds=${a.userId}&locationIds=${randomUUID()}`)).toEqual([]);
  });
});

test('no organisation sees rows of another one, whatever it requests', async () => {
  const other = await addSite(server);
  await results(server, other, [goodEvent(other)]);
  for (const dataset of ['users', 'locations', 'desks', 'spaces']) {
    const reply = await server.app.inject({ url: `/v1/analytics/${dataset}/basic`, headers: site.headers });
    expect(reply.body).not.toMatch(new RegExp([...Object.values(other.office), other.user.userId].join('|')));
  }
  for (const filter of ['', `locationIds=${other.office.locationId}`, `userIds=${other.user.userId}`]) {
    expect(await presenceRows(server, site, `${DATES}&${filter}`)).toEqual([]);
  }
});
