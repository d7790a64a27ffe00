import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { BAD_TEXTS, type Members, Workplace } from './support/submissions.ts';
import { daysOf, TimeOffWorkplace } from './support/time-off.ts';

let server: TestServer;
let workplace: TimeOffWorkplace;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  server.clock.nowMs = Date.parse('2026-03-10T12:00:00Z');
  workplace = await TimeOffWorkplace.at(server);
});
afterAll(() => server.close());

const event = (members: Members = {}) => workplace.event(members);
const refused = (resultCode: number, member: string) =>
  expect.objectContaining({ resultCode, message: expect.stringMatching(new RegExp(`\\b${member}\\b`)) });

describe('dates', () => {
  test('as dates and as midnights in UTC mean those dates, for any office', async () => {
    const dates = [
      ['2026-04-01', '2026-04-02'],
      ['2026-04-01T00:00:00.000Z', '2026-04-02T00:00:00Z'],
      ['2026-04-01T11:00:00+11:00', '2026-04-01T17:00:00.000-07:00'],
    ] as const;
    for (const timeZone of ['Australia/Sydney', 'America/Los_Angeles', 'UTC']) {
      workplace = await TimeOffWorkplace.at(server, timeZone);
      for (const [startDate, endDate] of dates) await workplace.apply('scheduled', startDate, endDate);
      expect(await workplace.leaves()).toEqual(['2026-04-01 2026-04-02']);
    }
  });

  test.each([
    // Sydney has daylight saving time until 5 April and from 4 October. Los Angeles has it from 8 March to 1 November.
    ['Australia/Sydney', '2026-03-31T13:00:00.000Z', '2026-04-04T13:00:00.000Z', '2026-04-01 2026-04-05'],
    ['Australia/Sydney', '2026-04-04T13:00:00.000Z', '2026-04-05T14:00:00.000Z', '2026-04-05 2026-04-06'],
    ['Australia/Sydney', '2026-10-02T14:00:00.000Z', '2026-10-04T13:00:00.000Z', '2026-10-03 2026-10-05'],
    ['America/Los_Angeles', '2026-04-01T07:00:00.000Z', '2026-04-02T07:00:00.000Z', '2026-04-01 2026-04-02'],
    ['America/Los_Angeles', '2026-10-31T07:00:00.000Z', '2026-11-02T08:00:00.000Z', '2026-10-31 2026-11-02'],
    [
      'America/Los_Angeles',
      '2026-12-31T08:00:00.000Z',
      '2027-01-01T00:00:00.000-08:00',
      '2026-12-31 2027-01-01',
    ],
    ['Asia/Kathmandu', '2026-03-31T18:15:00.000Z', '2026-04-01', '2026-04-01 2026-04-01'],
    ['Europe/London', '2026-03-31T23:00:00.000Z', '2026-03-31T23:00:00.000Z', '2026-04-01 2026-04-01'],
  ])('as local midnights in %s, %s to %s, mean %s', async (timeZone, startDate, endDate, leave) => {
    workplace = await TimeOffWorkplace.at(server, timeZone);
    await workplace.apply('scheduled', startDate, endDate);
    expect(await workplace.leaves()).toEqual([leave]);
  });

  test('of a user without an office are in the time zone of the organisation', async () => {
    server.clock.nowMs = Date.parse('2026-03-10T13:00:00Z');
    const tenantId = await server.organisation({ timeZone: 'Australia/Sydney' });
    const token = await server.token(await server.key(tenantId));
    const user = await addUser(server.db.owner, tenantId);
    workplace = new TimeOffWorkplace(server, { tenantId, token, user, office: workplace.office });
    await workplace.apply('scheduled', '2026-03-31T13:00:00.000Z');
    expect(await workplace.leaves()).toEqual(['2026-04-01 2026-04-01']);
    await workplace.apply('scheduled', '2026-03-09', '2026-03-12');
    expect(Object.keys(await workplace.plans())).toEqual(['2026-03-11', '2026-03-12', '2026-04-01']);
  });

  test.each([
    ['Australia/Sydney', '2026-03-10T12:59:59Z', '2026-03-10'],
    ['Australia/Sydney', '2026-03-10T13:00:00Z', '2026-03-11'],
    ['America/Los_Angeles', '2026-03-11T06:59:59Z', '2026-03-10'],
    ['America/Los_Angeles', '2026-03-11T07:00:00Z', '2026-03-11'],
  ])('in %s at %s today is %s', async (timeZone, now, today) => {
    server.clock.nowMs = Date.parse(now);
    workplace = await TimeOffWorkplace.at(server, timeZone);
    await workplace.setHorizon(3);
    await workplace.setWeek({ kind: 'r' });
    await workplace.apply('scheduled', '2026-03-01', '2026-03-31');
    expect(await workplace.plans()).toEqual(daysOf(today, '2026-03-31', 'a leave'));
    await workplace.apply('cancelled', '2026-03-01', '2026-03-31');
    const horizon = new Date(Date.parse(today) + 3 * 86_400_000).toISOString().slice(0, 10);
    expect(await workplace.plans()).toEqual(daysOf(today, horizon, 'r week'));
  });

  test('that are invalid, reversed, too far apart or too far away are code 3', async () => {
    const bad: [Members, string][] = [
      ...[
        '',
        'tomorrow',
        '2026-02-30',
        '2026-3-1',
        '20260301',
        '2026-02-30T00:00:00Z',
        '2026-03-10T24:00:00Z',
      ].flatMap((text): [Members, string][] => [
        [{ startDate: text }, 'startDate'],
        [{ endDate: text }, 'endDate'],
      ]),
      ...['1999-12-31', '0000-01-01T05:00:00Z', '1999-12-31T05:00:00Z'].map(
        (startDate): [Members, string] => [{ startDate }, 'startDate'],
      ),
      ...['2101-01-01', '9999-12-31T23:00:00-05:00', '2101-01-01T05:00:00Z'].map(
        (date): [Members, string] => [{ startDate: '2100-01-01', endDate: date }, 'endDate'],
      ),
      [{ startDate: '2026-03-13', endDate: '2026-03-12' }, 'endDate'],
      [{ startDate: '2026-03-13T05:00:00Z', endDate: '2026-03-12' }, 'endDate'],
      [{ startDate: '2026-01-01', endDate: '2036-01-09' }, 'endDate'],
    ];
    const results = await workplace.send(event(), ...bad.map(([members]) => event(members)), event());
    expect(results.map(({ resultCode }) => resultCode)).toEqual([0, ...bad.map(() => 3), 0]);
    expect(results.slice(1, -1)).toEqual(bad.map(([, member]) => refused(3, member)));
    expect(await workplace.leaves()).toEqual(['2026-03-12 2026-03-13']);
    await workplace.apply('scheduled', '2016-01-01', '2026-01-07');
    await workplace.apply('scheduled', '2000-01-01', '2000-01-01');
    await workplace.apply('cancelled', '2100-12-31');
  });
});

describe('the user', () => {
  test('is found by id in any case, by exact e-mail or userName, else without regard to case', async () => {
    const { userId, email, userName } = workplace.user;
    const names = [
      { uid: userId.toUpperCase(), email: null },
      { uid: userId, email: email.toUpperCase() },
      { email },
      { email: userName.toUpperCase() },
    ];
    const results = await workplace.send(
      ...names.map((name, n) => event({ ...name, startDate: `2026-03-1${n}`, endDate: `2026-03-1${n}` })),
    );
    expect(results.map(({ resultCode }) => resultCode)).toEqual([0, 0, 0, 0]);
    expect(await workplace.plans()).toEqual(daysOf('2026-03-10', '2026-03-13', 'a leave'));
  });

  test('that is unknown, inactive, ambiguous, foreign or not named is code 1, and stops no other event', async () => {
    const { owner } = server.db;
    const inactive = await addUser(owner, workplace.tenantId, { status: 'inactive' });
    const exact = await addUser(owner, workplace.tenantId, { email: 'Ada@example.com' });
    await addUser(owner, workplace.tenantId, { email: 'ada@example.com' });
    const foreign = (await Workplace.open(server)).user;
    const emails = ['nobody@example.com', '', inactive.email, foreign.email, 'ADA@example.com'];
    const uids = [randomUUID(), 'no guid', '', inactive.userId, foreign.userId];
    const results = await workplace.send(
      ...emails.map((email) => event({ email })),
      ...uids.map((uid) => event({ uid, email: undefined })),
      event({ email: null, uid: null }),
      event({ email: exact.email }),
      event(),
    );
    expect(results).toEqual([
      ...emails.map(() => refused(1, 'email')),
      ...uids.map(() => refused(1, 'uid')),
      refused(1, 'uid'),
      { eventId: 'e1', resultCode: 0, message: 'Success' },
      { eventId: 'e1', resultCode: 0, message: 'Success' },
    ]);
    expect(await workplace.plans(exact)).toEqual(daysOf('2026-03-12', '2026-03-13', 'a leave'));
    expect(await workplace.plans(inactive)).toEqual({});
    expect(await workplace.refused()).toHaveLength(11);
  });

  test('that is named twice in contradiction is code 3', async () => {
    const { email } = await addUser(server.db.owner, workplace.tenantId);
    const { userId } = workplace.user;
    for (const named of [
      { uid: userId, email },
      { uid: userId, email: 'nobody@example.com' },
      { uid: randomUUID(), email },
    ]) {
      expect(await workplace.send(event(named))).toEqual([refused(3, 'email')]);
    }
    expect(await workplace.leaves()).toEqual([]);
  });
});

test('a bad value refuses only its event, which is kept with its reason', async () => {
  const members = ['eventId', 'email', 'uid', 'eventType', 'startDate', 'endDate', 'timeOffType'];
  const bad = [
    ...BAD_TEXTS.flatMap((text) => members.map((member) => [member, text])),
    ...['Scheduled', 'created', ''].map((text) => ['eventType', text]),
    ...['Sick', 'vacation', ''].map((text) => ['timeOffType', text]),
  ] as [string, string][];
  const results = await workplace.send(...bad.map(([member, text]) => event({ [member]: text })), event());
  expect(results).toEqual([
    ...bad.map(([member]) => refused(3, member)),
    { eventId: 'e1', resultCode: 0, message: 'Success' },
  ]);
  const kept = await workplace.refused();
  expect(kept).toHaveLength(bad.length);
  expect(kept[0]).toMatchObject({ endpoint: 'timeoff', sourceId: null, resultCode: 3 });
});

test('a malformed request is one 400, stores nothing, and is kept', async () => {
  const required = ['eventId', 'eventType', 'startDate', 'endDate'];
  const wrong: [string, unknown][] = [
    ...required.flatMap((member) => [undefined, null, 7].map((value): [string, unknown] => [member, value])),
    ...['email', 'uid', 'timeOffType'].map((member): [string, unknown] => [member, 7]),
  ];
  const bodies: [string, object][] = [
    ['/timeOffEvents', {}],
    ['/timeOffEvents/0', { timeOffEvents: ['e1'] }],
    ...wrong.map(([member, value]): [string, object] => [
      `/timeOffEvents/1/${member}`,
      { timeOffEvents: [event(), event({ [member]: value })] },
    ]),
    ['/timeOffEvents', { timeOffEvents: Array.from({ length: 1_001 }, () => event()) }],
  ];
  for (const [path, body] of bodies) {
    const reply = await workplace.post('timeoff', body);
    expect([path, reply.statusCode]).toEqual([path, 400]);
    expect((reply.json() as { errors: object[] }).errors[0]).toMatchObject({ path });
  }
  expect(await workplace.leaves()).toEqual([]);
  expect(await workplace.refused()).toHaveLength(bodies.length);
});

test('the route is for keys that submit events and Bearer tokens only, and its answer has no sourceId', async () => {
  expect(await workplace.statusByRole('timeoff', { timeOffEvents: [event()] })).toEqual({
    'submitting-events': 200,
    'visitor-only': 403,
    'data-warehouse': 403,
    all: 200,
  });
  expect((await workplace.post('timeoff/basic', { timeOffEvents: [] })).statusCode).toBe(404);
  expect((await workplace.post('timeoff/', { timeOffEvents: [] })).json()).toEqual({
    timestamp: '2026-03-10T12:00:00.000Z',
    results: [],
  });
});
