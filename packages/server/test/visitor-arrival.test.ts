import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addNode, addUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { BAD_TEXTS, type Members, type Result, Workplace } from './support/submissions.ts';

let server: TestServer;
let workplace: Workplace;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  workplace = await Workplace.open(server);
});
afterAll(() => server.close());

const good = (members: Members = {}): Members => ({
  eventId: 'e1',
  timestamp: '2026-03-10T09:00:00Z',
  locationId: workplace.office.levelId,
  visitorName: 'Vic Visitor',
  ...members,
});
const submission = (visitorArrivals: unknown, sourceId: unknown = 'desk') => ({ sourceId, visitorArrivals });
const results = async (events: Members[], sourceId?: string) =>
  (await workplace.submit<{ results: Result[] }>('visitor-arrival', submission(events, sourceId))).results;
const resultOf = async (members: Members) => (await results([good(members)]))[0];
const rows = (query?: string) => workplace.exported('visitors', query);
const refused = (resultCode: number, member: string) =>
  expect.objectContaining({ resultCode, message: expect.stringMatching(new RegExp(`\\b${member}\\b`)) });

test('a submission is answered like one of presence, and exported with its office', async () => {
  const full = { visitorEmail: 'vic@example.org', visitorCompany: 'Org', hostUserId: workplace.user.userId };
  const reply = await workplace.post('visitor-arrival/', submission([good(full), good({ eventId: 'e2' })]));
  expect(reply.json()).toEqual({
    sourceId: 'desk',
    timestamp: '2026-03-10T12:00:00.000Z',
    results: [
      { eventId: 'e1', resultCode: 0, message: 'Success' },
      { eventId: 'e2', resultCode: 0, message: 'Success' },
    ],
  });
  const row = {
    eventId: 'e1',
    timestamp: '2026-03-10T09:00:00.000Z',
    day: '2026-03-10T00:00:00.000Z',
    visitorName: 'Vic Visitor',
    ...full,
    sourceId: 'desk',
    locationId: workplace.office.locationId,
    locationName: expect.any(String),
  };
  const without = { visitorEmail: null, visitorCompany: null, hostUserId: null };
  expect(await rows()).toEqual([row, { ...row, eventId: 'e2', ...without }]);
});

test('the route is for keys that submit events or visitors only, and for Bearer tokens only', async () => {
  expect(await workplace.statusByRole('visitor-arrival', submission([good()]))).toEqual({
    'submitting-events': 200,
    'visitor-only': 200,
    'data-warehouse': 403,
    all: 200,
  });
  expect((await workplace.post('visitor-arrival/basic', submission([]))).statusCode).toBe(404);
});

describe('the host', () => {
  test('is found by id, by exact e-mail or userName, else without regard to case', async () => {
    const { userId, email, userName } = workplace.user;
    const hosts = [
      { hostUserId: userId.toUpperCase() },
      { hostUserEmail: email },
      { hostUserEmail: userName },
      { hostUserEmail: email.toUpperCase() },
      { hostUserEmail: userName.toUpperCase() },
      { hostUserId: userId, hostUserEmail: email.toUpperCase() },
    ];
    const events = hosts.map((host, n) => good({ ...host, eventId: String(n) }));
    expect(new Set((await results(events)).map(({ resultCode }) => resultCode))).toEqual(new Set([0]));
    expect((await rows()).map(({ hostUserId }) => hostUserId)).toEqual(hosts.map(() => userId));
  });

  test('is not found if several users differ by case only, unless one matches exactly', async () => {
    const exact = await addUser(server.db.owner, workplace.tenantId, { email: 'Ada@example.com' });
    await addUser(server.db.owner, workplace.tenantId, { email: 'ada@example.com' });
    expect(await resultOf({ hostUserEmail: 'ADA@example.com' })).toEqual(refused(1, 'hostUserEmail'));
    expect(await resultOf({ hostUserEmail: 'Ada@example.com' })).toMatchObject({ resultCode: 0 });
    expect(await rows()).toMatchObject([{ hostUserId: exact.userId }]);
  });

  test('that is given but unknown, inactive or of another organisation is code 1', async () => {
    const inactive = await addUser(server.db.owner, workplace.tenantId, { status: 'inactive' });
    const foreign = (await Workplace.open(server)).user;
    for (const hostUserId of [randomUUID(), 'no guid', '', inactive.userId, foreign.userId]) {
      expect(await resultOf({ hostUserId })).toEqual(refused(1, 'hostUserId'));
    }
    for (const hostUserEmail of ['nobody@example.com', '', inactive.email, foreign.email]) {
      expect(await resultOf({ hostUserEmail })).toEqual(refused(1, 'hostUserEmail'));
    }
    expect(await rows()).toEqual([]);
    expect(await workplace.refused()).toHaveLength(9);
  });

  test('that is named twice in contradiction is code 3, and null means no host', async () => {
    const other = await addUser(server.db.owner, workplace.tenantId);
    const { userId, email } = workplace.user;
    for (const host of [
      { hostUserId: userId, hostUserEmail: other.email },
      { hostUserId: userId, hostUserEmail: 'nobody@example.com' },
      { hostUserId: randomUUID(), hostUserEmail: email },
    ]) {
      expect(await resultOf(host)).toEqual(refused(3, 'hostUserEmail'));
    }
    expect(await resultOf({ hostUserId: null, hostUserEmail: null })).toMatchObject({ resultCode: 0 });
  });
});

test('any node is accepted; an unknown, inactive or foreign one is code 2', async () => {
  const { office } = workplace;
  for (const nodeId of Object.values(office)) {
    expect(await resultOf({ locationId: nodeId.toUpperCase() })).toMatchObject({ resultCode: 0 });
  }
  const inactive = await addNode(server.db.owner, workplace.tenantId, {
    kind: 'location',
    status: 'inactive',
  });
  const foreign = (await Workplace.open(server)).office.levelId;
  for (const locationId of [randomUUID(), 'reception', '', inactive, foreign]) {
    expect(await resultOf({ locationId })).toEqual(refused(2, 'locationId'));
  }
  const exported = await rows();
  expect(exported).toHaveLength(5);
  expect(new Set(exported.map(({ locationId }) => locationId))).toEqual(new Set([office.locationId]));
});

test('a bad value refuses only its event, which is kept with its reason', async () => {
  const members = ['eventId', 'timestamp', 'locationId', 'visitorName', 'visitorEmail', 'visitorCompany'];
  const bad = [
    ...BAD_TEXTS.flatMap((text) =>
      [...members, 'hostUserId', 'hostUserEmail'].map((member) => [member, text]),
    ),
    ['visitorName', ''],
    ['visitorName', ' '],
    ['timestamp', '2026-02-30T09:00:00Z'],
    ['timestamp', '1999-12-31T23:59:59Z'],
    ['timestamp', '2026-03-11T12:00:01Z'],
  ] as [string, string][];
  const answered = await results([good(), ...bad.map(([member, text]) => good({ [member]: text }))]);
  expect(answered.map(({ resultCode }) => resultCode)).toEqual([0, ...bad.map(() => 3)]);
  for (const [index, [member]] of bad.entries()) expect(answered[index + 1]?.message).toContain(member);
  expect(await rows()).toHaveLength(1);
  const kept = await workplace.refused();
  expect(kept).toHaveLength(bad.length);
  expect(kept[0]).toMatchObject({ endpoint: 'visitor-arrival', sourceId: 'desk', resultCode: 3 });
  expect(await results([good()], BAD_TEXTS[1])).toMatchObject([{ resultCode: 3 }]);
});

test('a malformed request is one 400, stores nothing, and is kept', async () => {
  const required = ['eventId', 'timestamp', 'locationId', 'visitorName'];
  const optional = ['visitorEmail', 'visitorCompany', 'hostUserId', 'hostUserEmail'];
  const wrong: [string, unknown][] = [
    ...required.flatMap((member) => [undefined, null, 7].map((value): [string, unknown] => [member, value])),
    ...optional.map((member): [string, unknown] => [member, 7]),
  ];
  const bodies: [string, object][] = [
    ['/sourceId', { visitorArrivals: [] }],
    ['/visitorArrivals', { sourceId: 's' }],
    ['/visitorArrivals/0', submission(['e1'])],
    ...wrong.map(([member, value]): [string, object] => [
      `/visitorArrivals/1/${member}`,
      submission([good(), good({ [member]: value })]),
    ]),
    ['/visitorArrivals', submission(Array.from({ length: 101 }, () => good()))],
  ];
  for (const [path, body] of bodies) {
    const reply = await workplace.post('visitor-arrival', body);
    expect([path, reply.statusCode]).toEqual([path, 400]);
    expect((reply.json() as { errors: object[] }).errors[0]).toMatchObject({ path });
  }
  expect(await rows()).toEqual([]);
  expect(await workplace.refused()).toHaveLength(bodies.length);
  expect(await results(Array.from({ length: 100 }, (_, n) => good({ eventId: String(n) })))).toHaveLength(
    100,
  );
  expect(await rows()).toHaveLength(100);
});

test('arrivals differ by sourceId, eventId, node, instant and visitorName, and by nothing else', async () => {
  const different = [
    good({ visitorCompany: 'first' }),
    good({ eventId: 'e2' }),
    good({ locationId: workplace.office.locationId }),
    good({ timestamp: '2026-03-10T09:00:00.001Z' }),
    good({ visitorName: 'vic visitor' }),
  ];
  const same = [
    good({ visitorCompany: 'later' }),
    good({ visitorEmail: 'v@x.org', hostUserId: workplace.user.userId }),
  ];
  await results([...different, ...same]);
  await results([...same, ...different.toReversed()]);
  expect(await rows()).toHaveLength(different.length);
  expect((await rows()).filter(({ visitorCompany }) => visitorCompany === 'later')).toEqual([]);
  await results(different, 'another desk');
  expect(await rows()).toHaveLength(2 * different.length);
});

test('the export is by local day, and the filter takes any node with all its descendants', async () => {
  workplace = await Workplace.open(server, 'Australia/Sydney');
  const { locationId, levelId, placeId, spaceId } = workplace.office;
  await results([
    good({ eventId: 'a', locationId: spaceId, timestamp: '2026-03-09T13:00:00Z' }),
    good({ eventId: 'b', locationId: placeId, timestamp: '2026-03-09T12:59:00Z' }),
  ]);
  const ids = async (query: string) => (await rows(query)).map(({ eventId }) => eventId);
  const march = 'startDate=20260301&endDate=20260331';
  expect(await ids('startDate=20260310&endDate=20260310')).toEqual(['a']);
  expect(await ids(march)).toEqual(['b', 'a']);
  for (const nodeId of [locationId, levelId])
    expect(await ids(`${march}&locationIds=${nodeId}`)).toEqual(['b', 'a']);
  expect(await ids(`${march}&locationIds=${spaceId},x`)).toEqual(['a']);
  expect(await ids(`${march}&locationIds=${randomUUID()}`)).toEqual([]);
});
