import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeKey } from '../src/auth/manage-keys.ts';
import type { ApiKeyRole } from '../src/store/auth/api-keys.ts';
import { datasets } from '../src/warehouse/datasets.ts';
import { datesOf } from './support/changes.ts';
import { Consumer, facts, type Row, whole } from './support/consumer.ts';
import { addNode } from './support/directory.ts';
import { expectProblem } from './support/problems.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { NODES, PEOPLE, smallOrganisation } from './support/small-organisation.ts';
import { until } from './support/waiting.ts';
import { storeDays } from './support/workday.ts';

type Key = { apiKey: string; secret: string };

let server: TestServer;
let tenantId: string;
let everything: Key;
const farId = (n: number) => `000000${n}-0000-4000-8000-000000000000`;
const FAR = { level: farId(51), room: farId(52), zone: farId(53), desk: farId(54) };
/** What only the annex has. */
const OTHERS = new RegExp(
  `\\b(annex|far|eve|${[NODES.annex, PEOPLE.eve, ...Object.values(FAR)].join('|')})\\b`,
);
beforeAll(async () => {
  server = await startTestServer();
  const organisation = await smallOrganisation(server);
  tenantId = organisation.tenantId;
  everything = organisation.key;
  const { owner } = server.db;
  for (const [name, kind, parentId] of [
    ['level', 'level', NODES.annex],
    ['room', 'space', FAR.level],
    ['zone', 'zone', FAR.level],
    ['desk', 'place', FAR.zone],
  ] as const)
    await addNode(owner, tenantId, { nodeId: FAR[name], kind, parentId, name: `far ${name}` });
  await storeDays(owner, tenantId, [
    { userId: PEOPLE.eve, day: '2026-03-05', plan: 'r' },
    { userId: PEOPLE.ann, day: '2026-03-05', plan: 'r' },
  ]);
  const sighting = { eventId: 'desk', timestamp: '2026-03-11T09:00:00Z', userId: PEOPLE.eve };
  await submit(everything, 'presence', [{ ...sighting, locationId: FAR.desk, locationType: 'place' }]);
  for (const [locationId, hostUserId] of [
    [NODES.room, PEOPLE.ann],
    [FAR.room, PEOPLE.eve],
  ] as const) {
    const event = { timestamp: '2026-03-12T09:00:00Z', locationId };
    await submit(everything, 'occupancy', [{ ...event, eventId: 'o', locationType: 'space', occupancy: 2 }]);
    await submit(everything, 'visitor-arrival', [{ ...event, eventId: 'v', visitorName: 'Vic', hostUserId }]);
  }
});
afterAll(() => server.close());

async function boundKey(role: ApiKeyRole, locationIds: string[] = [NODES.hq]): Promise<Key> {
  const key = await server.key(tenantId, { role });
  await changeKey(key.apiKey, { locationIds }, { owner: server.db.owner, clock: server.clock.read });
  return key;
}
/** Waits until the server that makes the change has heard of it. */
async function bind(key: Key, locationIds: string[] | null): Promise<void> {
  const url = `/v1/manage/keys/${key.apiKey}`;
  const headers = { authorization: `Bearer ${await server.token(everything)}` };
  const reply = await server.app.inject({ method: 'PATCH', url, headers, payload: { locationIds } });
  expect(reply.statusCode, reply.body).toBe(200);
  const idsOf = async (of: Key) =>
    (await rows(of, 'locations')).map((row) => String(row.locationId)).toSorted();
  const expected = locationIds?.toSorted() ?? (await idsOf(everything));
  await until(async () => (await idsOf(key)).join() === expected.join());
}
async function post(key: Key, path: string, payload: object) {
  const headers = { authorization: `Bearer ${await server.token(key)}` };
  return server.app.inject({ method: 'POST', url: `/v1/${path}`, headers, payload });
}
const MEMBERS = {
  presence: 'presenceEvents',
  occupancy: 'occupancyEvents',
  'visitor-arrival': 'visitorArrivals',
} as const;
async function submit(key: Key, path: keyof typeof MEMBERS, events: object[]) {
  const reply = await post(key, path, { sourceId: 's', [MEMBERS[path]]: events });
  expect(reply.statusCode, reply.body).toBe(200);
  return reply.json().results as { resultCode: number; message: string }[];
}
const get = (key: Key, path: string, query = '', headers = {}) =>
  server.app.inject({
    url: `/v1/analytics/${path}/basic?${[datesOf(path), query].filter(Boolean).join('&')}`,
    headers: { authorization: basic(key), ...headers },
  });
async function rows(key: Key, path: string, query = ''): Promise<Row[]> {
  const reply = await get(key, path, query);
  expect(reply.statusCode, reply.body).toBe(200);
  return reply.json();
}

describe('a key that submits events of offices', () => {
  const events = {
    presence: { eventId: 'e', timestamp: '2026-03-10T09:00:00Z', userId: PEOPLE.ann },
    occupancy: { eventId: 'e', timestamp: '2026-03-10T09:00:00Z', occupancy: 1 },
    'visitor-arrival': { eventId: 'e', timestamp: '2026-03-10T09:00:00Z', visitorName: 'Vic' },
  };
  const paths = Object.keys(events) as (keyof typeof events)[];

  test.each(paths)(
    'stores %s at every node of them, and refuses other nodes as unknown ones',
    async (path) => {
      const key = await boundKey('submitting-events');
      const before = await rows(everything, path === 'visitor-arrival' ? 'visitors' : path);
      const at = (locationId: string, locationType: string) => ({
        ...events[path],
        locationId,
        locationType,
      });
      const results = await submit(key, path, [
        at(NODES.hq, 'location'),
        at(NODES.room, 'space'),
        at(NODES.annex, 'location'),
        at(FAR.room, 'space'),
        at(FAR.room, 'zone'),
        at('00000099-0000-4000-8000-000000000000', 'space'),
      ]);
      const unknown = {
        resultCode: 2,
        message: 'locationId: no active location at the offices of the key has this id',
      };
      expect(results).toMatchObject([
        { resultCode: 0 },
        { resultCode: 0 },
        unknown,
        unknown,
        unknown,
        unknown,
      ]);
      const after = await rows(everything, path === 'visitor-arrival' ? 'visitors' : path);
      expect(after).toHaveLength(before.length + 2);
    },
  );

  test('lets an operator see why an event was refused, and try it again', async () => {
    const key = await boundKey('submitting-events');
    const event = { ...events.presence, eventId: 'again', locationId: NODES.annex, locationType: 'location' };
    await post(key, 'presence', { sourceId: 'annex door', presenceEvents: [event] });
    const headers = { authorization: `Bearer ${await server.token(everything)}` };
    const retry = async () => {
      const reply = await server.app.inject({
        method: 'POST',
        url: '/v1/manage/refused-events/retry',
        headers,
        payload: { cause: 'otherOffice', sourceId: 'annex door' },
      });
      expect(reply.statusCode, reply.body).toBe(200);
      return reply.json();
    };
    expect(await retry()).toMatchObject({ refused: 1, mended: 0 });
    await changeKey(
      key.apiKey,
      { locationIds: [NODES.hq, NODES.annex] },
      { owner: server.db.owner, clock: server.clock.read },
    );
    expect(await retry()).toMatchObject({ refused: 0, mended: 1 });
  });

  test.each([
    ['timeoff', { timeOffEvents: [] }],
    ['access-credentials', { data: [] }],
  ])('may not post to %s, which belongs to no office', async (path, body) => {
    expect(expectProblem(await post(await boundKey('submitting-events'), path, body), 403)).toContain(
      'bound to offices',
    );
  });

  test('with the role visitor-only submits arrivals there', async () => {
    const key = await boundKey('visitor-only', [NODES.annex]);
    const arrival = events['visitor-arrival'];
    expect(
      await submit(key, 'visitor-arrival', [
        { ...arrival, locationId: FAR.room },
        { ...arrival, locationId: NODES.room },
      ]),
    ).toMatchObject([{ resultCode: 0 }, { resultCode: 2 }]);
  });
});

describe('a key that reads offices', () => {
  const OF_NO_OFFICE = ['users', 'groups', 'change-log/user'];
  const readable = datasets.filter(
    ({ path, ofAdministrators }) => !ofAdministrators && !OF_NO_OFFICE.includes(path),
  );
  let hq: Key;
  beforeAll(async () => {
    hq = await boundKey('data-warehouse');
  });

  test.each(OF_NO_OFFICE)('may not read %s, which belongs to no office', async (path) => {
    expect(expectProblem(await get(hq, path), 403)).toContain('bound to offices');
  });

  const FORMATS = ['json', 'ndjson', 'csv'] as const;
  test.each(readable)('reads nothing of other offices in $path, in any text format', async ({ path }) => {
    for (const format of FORMATS) {
      const whole = await get(everything, path, `format=${format}`);
      const own = await get(hq, path, `format=${format}`);
      expect(own.statusCode, own.body).toBe(200);
      expect(own.body.length).toBeGreaterThan(0);
      expect(whole.body).toMatch(OTHERS);
      expect(own.body).not.toMatch(OTHERS);
    }
  });

  const filtered = readable.filter(({ filters }) => filters.includes('locationIds'));
  test.each(filtered)(
    'reads in $path what a key without offices reads of them',
    async ({ path, filters }) => {
      const units = filters.includes('metrics')
        ? ['organisation', 'location', 'level', 'zone', 'group'].map((by) => `by=${by}`)
        : filters.includes('usage')
          ? ['by=place', 'by=zone']
          : [''];
      for (const query of units) {
        const expected = await get(everything, path, `${query}&locationIds=${NODES.hq}&format=parquet`);
        const own = await get(hq, path, `${query}&format=parquet`);
        expect(own.rawPayload.equals(expected.rawPayload), query).toBe(true);
        expect(await rows(hq, path, query)).toEqual(
          await rows(everything, path, `${query}&locationIds=${NODES.hq}`),
        );
      }
    },
  );

  test.each(filtered)('narrows the nodes that a call of $path names to its offices', async ({ path }) => {
    expect(await rows(hq, path, `locationIds=${NODES.annex},${FAR.level}`)).toEqual([]);
    expect(await rows(hq, path, `locationIds=${NODES.first},${FAR.level}`)).toEqual(
      await rows(everything, path, `locationIds=${NODES.first}`),
    );
  });

  test.each(['locations', 'desks', 'spaces'])('reads in %s the nodes of its offices', async (path) => {
    const all = await rows(everything, path);
    expect(await rows(hq, path)).toEqual(all.filter(({ locationId }) => locationId === NODES.hq));
    const [own, other] = [
      await get(hq, path),
      await get(await boundKey('data-warehouse', [NODES.annex]), path),
    ];
    expect(own.headers.etag).not.toBe(other.headers.etag);
    const again = await get(hq, path, '', { 'if-none-match': String(own.headers.etag) });
    expect(again.statusCode).toBe(304);
  });

  test('reads the attendance of its offices, and of plans without an office of people who belong to them', async () => {
    const officeOf = ({ attendanceLocationId, primaryLocationId }: Row) =>
      attendanceLocationId ?? primaryLocationId;
    const all = await rows(everything, 'user-booking-attendance');
    const expected = all.filter((row) => officeOf(row) === NODES.hq);
    expect(expected.length).toBeLessThan(all.length);
    expect(await rows(hq, 'user-booking-attendance')).toEqual(expected);
    expect(await rows(hq, 'user-booking-attendance', `locationId=${NODES.hq}`)).toEqual(expected);
    expect(await rows(hq, 'user-booking-attendance', `locationId=${NODES.annex}`)).toEqual([]);
    const both = await boundKey('data-warehouse', [NODES.hq, NODES.annex]);
    expect(await rows(both, 'user-booking-attendance')).toEqual(all);
  });

  const followed = readable.filter(({ key }) => key !== undefined);
  test.each(followed)('reads $path in pages', async ({ path, filters }) => {
    const dates = filters.includes('dates') ? { startDate: '2026-03-01', endDate: '2026-03-31' } : {};
    const { rows: paged } = await new Consumer(server, hq, path).pages({ ...dates, limit: '1' });
    expect(whole(paged)).toEqual(whole(await rows(hq, path)));
  });

  test('follows changes of its offices only, deleted rows included', async () => {
    const consumers = Object.fromEntries(followed.map(({ path }) => [path, new Consumer(server, hq, path)]));
    for (const consumer of Object.values(consumers)) await consumer.load();
    await server.db.owner.inTenant(tenantId, async (tx) => {
      const run = (sql: string, ...values: unknown[]) => tx.query(sql, [tenantId, ...values]);
      // Plans without an office, and plans of an office.
      await run("DELETE FROM day_plans WHERE tenant_id = $1 AND day = '2026-03-05'");
      await run("DELETE FROM bookings WHERE tenant_id = $1 AND day IN ('2026-03-02', '2026-03-12')");
      await run("DELETE FROM day_plans WHERE tenant_id = $1 AND day IN ('2026-03-02', '2026-03-12')");
      await run("UPDATE nodes SET name = name || ' renamed' WHERE tenant_id = $1");
    });
    for (const [nodeId, userId] of [
      [NODES.desk1, PEOPLE.ben],
      [FAR.room, PEOPLE.eve],
    ] as const) {
      const event = { eventId: 'later', timestamp: '2026-03-13T10:00:00Z', locationId: nodeId };
      const locationType = nodeId === FAR.room ? 'space' : 'place';
      await submit(everything, 'presence', [{ ...event, locationType, userId }]);
      await submit(everything, 'occupancy', [{ ...event, locationType, occupancy: 1 }]);
      await submit(everything, 'visitor-arrival', [{ ...event, visitorName: 'Vic' }]);
    }
    for (const [path, consumer] of Object.entries(consumers)) {
      const changes = await consumer.follow(1);
      expect(changes.length, path).toBeGreaterThan(0);
      expect(JSON.stringify(changes), path).not.toMatch(OTHERS);
      expect(facts(consumer.rows()), path).toEqual(facts(await rows(hq, path)));
    }
    const deleted = consumers['user-booking-attendance'];
    expect(deleted?.rows().some(({ day }) => String(day).startsWith('2026-03-05'))).toBe(false);
  });

  test('loads anew after its offices have changed, so that it misses no row of a new office', async () => {
    const key = await boundKey('data-warehouse');
    const all = everything;
    for (const path of followed.map((each) => each.path)) {
      const cursorAfter = async (of: Key, query = '') =>
        String((await get(of, path, query)).headers['rollcall-cursor']);
      const [own, whole] = [await cursorAfter(key), await cursorAfter(all)];
      const statusOf = async (of: Key, cursor: string, more = '') => {
        const reply = await server.app.inject({
          url: `/v1/analytics/${path}/basic?changedSince=${cursor}${more}`,
          headers: { authorization: basic(of) },
        });
        if (reply.statusCode !== 200) expect(expectProblem(reply, 410), path).toContain('other offices');
        return reply.statusCode;
      };
      await bind(key, [NODES.hq]);
      expect([
        await statusOf(key, own),
        await statusOf(key, own, '&limit=1'),
        await statusOf(all, whole),
      ]).toEqual([200, 200, 200]);
      await bind(key, [NODES.annex, NODES.hq]);
      expect([await statusOf(key, own), await statusOf(key, own, '&limit=1')]).toEqual([410, 410]);
      const wider = await cursorAfter(key);
      await bind(key, [NODES.hq, NODES.annex]);
      expect(await statusOf(key, wider)).toBe(200);
      await bind(key, null);
      expect(await statusOf(key, wider)).toBe(410);
      await bind(key, [NODES.hq]);
      expect([await statusOf(key, own), await statusOf(key, whole)]).toEqual([200, 410]);
    }
  });

  test('with the role statistics counts its offices only', async () => {
    const key = await boundKey('statistics');
    expect(await rows(key, 'metrics', 'by=organisation')).toEqual(
      await rows(everything, 'metrics', `by=organisation&locationIds=${NODES.hq}`),
    );
    expect((await rows(key, 'metrics')).map(({ locationId }) => locationId)).not.toContain(NODES.annex);
    expect(await rows(key, 'metrics', `locationIds=${NODES.annex}`)).toEqual([]);
  });
});
