import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addNode, addOffice, addUser } from './support/directory.ts';
import { addSite, goodEvent, presenceRows, refusedRows, results, type Site } from './support/presence.ts';
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

const good = (members = {}) => goodEvent(site, members);
const byName = (userEmail: string, members = {}) => good({ userId: undefined, userEmail, ...members });
const resultOf = async (event: object) => (await results(server, site, [event]))[0];
const inactiveUser = () => addUser(server.db.owner, site.tenantId, { status: 'inactive' });
const STORED = { eventId: 'e1', resultCode: 0, message: 'Success' };
const refused = (resultCode: number, member: string) => ({
  eventId: 'e1',
  resultCode,
  message: expect.stringMatching(new RegExp(`\\b${member}\\b`)),
});

describe('the user', () => {
  test('is found by id in either case, by exact e-mail, by exact userName', async () => {
    const { userId, email, userName } = site.user;
    for (const event of [good(), good({ userId: userId.toUpperCase() }), byName(email), byName(userName)]) {
      expect(await resultOf(event)).toEqual(STORED);
    }
    const rows = await presenceRows(server, site);
    expect(rows.map((row) => row.userId)).toEqual([userId]);
  });

  test('is not found by an e-mail or userName in the wrong case', async () => {
    for (const name of [site.user.email, site.user.userName]) {
      expect(await resultOf(byName(name.toUpperCase()))).toEqual(refused(1, 'userEmail'));
    }
  });

  test('with this e-mail goes before the person with it as userName', async () => {
    await addUser(server.db.owner, site.tenantId, { userName: site.user.email });
    expect(await resultOf(byName(site.user.email))).toEqual(STORED);
    expect((await presenceRows(server, site))[0]?.userId).toBe(site.user.userId);
  });

  test('may be named twice if both names agree', async () => {
    expect(await resultOf(good({ userEmail: site.user.email }))).toEqual(STORED);
    expect(await resultOf(good({ userEmail: site.user.userName }))).toEqual(STORED);
  });

  test('that is named twice in contradiction is code 3', async () => {
    const other = await addUser(server.db.owner, site.tenantId);
    for (const event of [
      good({ userEmail: other.email }),
      good({ userEmail: 'nobody@example.com' }),
      good({ userId: randomUUID(), userEmail: other.email }),
    ]) {
      expect(await resultOf(event)).toEqual(refused(3, 'userEmail'));
    }
  });

  test('that is unknown, inactive, or of another organisation is code 1', async () => {
    const inactive = await inactiveUser();
    const stranger = (await addSite(server)).user;
    for (const userId of [randomUUID(), 'no guid', '', inactive.userId, stranger.userId]) {
      expect(await resultOf(good({ userId }))).toEqual(refused(1, 'userId'));
    }
    for (const name of ['nobody@example.com', '', inactive.email, inactive.userName, stranger.email]) {
      expect(await resultOf(byName(name))).toEqual(refused(1, 'userEmail'));
    }
  });

  test('who is inactive does not hide an active one with the same e-mail', async () => {
    const email = 'shared@example.com';
    await addUser(server.db.owner, site.tenantId, { email, status: 'inactive' });
    const active = await addUser(server.db.owner, site.tenantId, { email });
    expect(await resultOf(byName(email))).toEqual(STORED);
    expect((await presenceRows(server, site))[0]?.userId).toBe(active.userId);
  });

  test('that is not named is code 1, null or absent, with or without a sourceUserId', async () => {
    const nobody = good({ userId: undefined });
    for (const event of [
      nobody,
      { ...nobody, userId: null, userEmail: null },
      { ...nobody, sourceUserId: 'x' },
    ]) {
      expect(await resultOf(event)).toEqual(refused(1, 'userEmail'));
    }
  });
});

describe('the node', () => {
  test('of each kind is accepted, its id in either case, and exported with all its ancestors', async () => {
    const { locationId, levelId, zoneId, placeId, spaceId } = site.office;
    const above = { locationId, levelId };
    const kinds = {
      location: [locationId, { locationId }],
      level: [levelId, above],
      zone: [zoneId, { ...above, zoneId }],
      place: [placeId, { ...above, zoneId, placeId }],
      space: [spaceId, { ...above, spaceId }],
    } as const;
    for (const [locationType, [id, path]] of Object.entries(kinds)) {
      const event = good({ eventId: locationType, locationType, locationId: id.toUpperCase() });
      expect(await resultOf(event)).toEqual({ ...STORED, eventId: locationType });
      const row = (await presenceRows(server, site)).find((each) => each.eventId === locationType);
      const ids = Object.entries(row ?? {}).filter(([name]) =>
        /^(location|level|zone|place|space)Id$/.test(name),
      );
      expect(Object.fromEntries(ids)).toEqual(path);
      expect(row?.locationType).toBe(locationType);
    }
  });

  test('that is unknown, inactive, of another organisation, or without a GUID is code 2', async () => {
    const { owner } = server.db;
    const inactive = await addNode(owner, site.tenantId, {
      kind: 'place',
      parentId: site.office.zoneId,
      status: 'inactive',
    });
    const { office: foreign } = await addSite(server);
    const closed = await addNode(owner, site.tenantId, { kind: 'location', status: 'inactive' });
    const inClosed = await addNode(owner, site.tenantId, { kind: 'level', parentId: closed });
    for (const locationId of [randomUUID(), inactive, foreign.placeId, 'desk 7', '']) {
      expect(await resultOf(good({ locationId }))).toEqual(refused(2, 'locationId'));
    }
    const active = { locationId: inClosed, locationType: 'level' };
    expect(await resultOf(good(active))).toEqual(refused(2, 'locationId'));
  });

  test('of another kind than the event says is code 2, and the message names its kind', async () => {
    const result = await resultOf(good({ locationType: 'zone' }));
    expect(result).toEqual(refused(2, 'locationId'));
    expect(result?.message).toBe('locationId is a place, not a zone');
  });
});

describe('a call', () => {
  test('is answered in the order of its events; good events are stored, and the others are kept with their reason', async () => {
    const events = [
      good({ eventId: 'a' }),
      good({ eventId: 'b', userId: randomUUID() }),
      good({ eventId: 'c', timestamp: '2026-03-10T08:00:00Z' }),
      good({ eventId: 'd', locationId: randomUUID() }),
      good({ eventId: 'e', timestamp: 'yesterday' }),
      good({ eventId: 'a', timestamp: '2026-03-10T10:00:00Z' }),
    ];
    const answered = await results(server, site, events, 'north door');
    expect(answered.map(({ eventId, resultCode }) => [eventId, resultCode])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 0],
      ['d', 2],
      ['e', 3],
      ['a', 0],
    ]);
    expect((await presenceRows(server, site)).map((row) => row.eventId)).toEqual(['c', 'a', 'a']);
    const kept = await refusedRows(server, site);
    expect(kept).toEqual(
      [1, 3, 4].map((index) => ({
        sourceId: 'north door',
        endpoint: 'presence',
        eventId: answered[index]?.eventId,
        resultCode: answered[index]?.resultCode,
        reason: answered[index]?.message,
        event: expect.any(String),
      })),
    );
    expect(kept.map((row) => JSON.parse(row.event ?? ''))).toEqual(
      JSON.parse(JSON.stringify([events[1], events[3], events[4]])),
    );
  });

  test('without events has an empty list of results', async () => {
    expect(await results(server, site, [])).toEqual([]);
  });

  test('may have null or nothing for optional members, and any unknown member', async () => {
    expect(await resultOf(good({ userEmail: null, sourceUserId: null, badge: { facility: 7 } }))).toEqual(
      STORED,
    );
    expect(await resultOf(byName(site.user.email, { userId: null }))).toEqual(STORED);
  });
});

describe('a repeated event', () => {
  test('is stored once, within a call and across calls, and has code 0 each time', async () => {
    const twice = await results(server, site, [good(), good()]);
    const again = await results(server, site, [
      byName(site.user.email, { timestamp: '2026-03-10T20:00+11:00' }),
    ]);
    expect([...twice, ...again]).toEqual([STORED, STORED, STORED]);
    expect(await presenceRows(server, site)).toHaveLength(1);
  });

  test('differs by source, id, user, node or instant, and by no other member', async () => {
    const other = await addUser(server.db.owner, site.tenantId);
    const { zoneId } = site.office;
    const same = [good({ sourceUserId: 'card 7' }), good({ note: 'unknown member' })];
    const different = [
      good({ eventId: 'e2' }),
      good({ userId: other.userId }),
      good({ locationId: zoneId, locationType: 'zone' }),
      good({ timestamp: '2026-03-10T09:00:00.000001Z' }),
    ];
    await results(server, site, [good(), ...same, ...different]);
    expect(await presenceRows(server, site)).toHaveLength(1 + different.length);
    await results(server, site, [good()], 'south door');
    expect(await presenceRows(server, site)).toHaveLength(2 + different.length);
  });
});

describe('the day of an event is the local day of its office, to the microsecond', () => {
  test.each([
    ['Australia/Lord_Howe', '2025-04-06', '2025-04-05T13:00', '2025-04-06T13:30'],
    ['Australia/Lord_Howe', '2025-10-05', '2025-10-04T13:30', '2025-10-05T13:00'],
    ['Australia/Sydney', '2025-04-06', '2025-04-05T13:00', '2025-04-06T14:00'],
    ['Australia/Sydney', '2025-10-05', '2025-10-04T14:00', '2025-10-05T13:00'],
    ['America/New_York', '2025-03-09', '2025-03-09T05:00', '2025-03-10T04:00'],
    ['America/New_York', '2025-11-02', '2025-11-02T04:00', '2025-11-03T05:00'],
  ])('%s on %s, around a clock change', async (timeZone, day, starts, ends) => {
    const { placeId } = await addOffice(server.db.owner, site.tenantId, timeZone);
    const lastMicrosecondBefore = (minute: string) =>
      new Date(Date.parse(`${minute}:00Z`) - 1).toISOString().replace('999Z', '999999Z');
    const instants = [
      lastMicrosecondBefore(starts),
      `${starts}:00Z`,
      lastMicrosecondBefore(ends),
      `${ends}:00Z`,
    ];
    await results(
      server,
      site,
      instants.map((timestamp, index) => good({ eventId: String(index), locationId: placeId, timestamp })),
    );
    const window = `startDate=${day}&endDate=${day}&locationIds=${placeId}`;
    const rows = await presenceRows(server, site, window);
    expect(rows.map((row) => [row.eventId, row.day])).toEqual([
      ['1', `${day}T00:00:00.000Z`],
      ['2', `${day}T00:00:00.000Z`],
    ]);
  });
});
