import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addNode } from './support/directory.ts';
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
  locationId: workplace.office.spaceId,
  locationType: 'space',
  occupancy: 3,
  ...members,
});
const submission = (occupancyEvents: unknown, sourceId: unknown = 'sensor') => ({
  sourceId,
  occupancyEvents,
});
const results = async (events: Members[], sourceId?: string, to = workplace) =>
  (await to.submit<{ results: Result[] }>('occupancy', submission(events, sourceId))).results;
const codes = async (events: Members[]) => (await results(events)).map((result) => result.resultCode);
const rows = (query?: string) => workplace.exported('occupancy', query);

test('a submission is answered like one of presence, and exported with its node', async () => {
  const reply = await workplace.post('occupancy/', submission([good({ occupancy: 2.5 })]));
  expect(reply.json()).toEqual({
    sourceId: 'sensor',
    timestamp: '2026-03-10T12:00:00.000Z',
    results: [{ eventId: 'e1', resultCode: 0, message: 'Success' }],
  });
  const { spaceId, levelId, locationId } = workplace.office;
  expect(await rows()).toEqual([
    {
      eventId: 'e1',
      timestamp: '2026-03-10T09:00:00.000Z',
      day: '2026-03-10T00:00:00.000Z',
      occupied: true,
      occupancy: 2.5,
      sourceId: 'sensor',
      locationType: 'space',
      locationId,
      locationName: expect.any(String),
      levelId,
      levelName: expect.any(String),
      spaceId,
      spaceName: expect.any(String),
    },
  ]);
});

test('the route is for keys that submit events, and for Bearer tokens only', async () => {
  expect(await workplace.statusByRole('occupancy', submission([good()]))).toEqual({
    'submitting-events': 200,
    'visitor-only': 403,
    'data-warehouse': 403,
    all: 200,
  });
  expect((await workplace.post('occupancy/basic', submission([]))).statusCode).toBe(404);
});

describe('the values', () => {
  test.each([
    [{ occupancy: 0 }, { occupied: false, occupancy: 0 }],
    [{ occupancy: -0 }, { occupied: false, occupancy: 0 }],
    [{ occupancy: 5e-324 }, { occupied: true, occupancy: 5e-324 }],
    [{ occupancy: 1.7976931348623157e308 }, { occupied: true, occupancy: 1.7976931348623157e308 }],
    [
      { occupancy: 0.1, occupied: null },
      { occupied: true, occupancy: 0.1 },
    ],
    [
      { occupancy: undefined, occupied: true },
      { occupied: true, occupancy: null },
    ],
    [
      { occupancy: null, occupied: false },
      { occupied: false, occupancy: null },
    ],
    [
      { occupancy: 0, occupied: true },
      { occupied: true, occupancy: 0 },
    ],
    [
      { occupancy: 4, occupied: false },
      { occupied: false, occupancy: 4 },
    ],
  ])('%j is exported as %j', async (members, exported) => {
    expect(await codes([good(members)])).toEqual([0]);
    expect(await rows()).toEqual([expect.objectContaining(exported)]);
  });

  test('that are both absent, negative or not finite are code 3, and the message names the member', async () => {
    for (const members of [{ occupancy: null }, { occupancy: undefined, occupied: null }]) {
      const [result] = await results([good(members)]);
      expect(result).toMatchObject({ resultCode: 3, message: expect.stringMatching(/occupied.*occupancy/) });
    }
    for (const number of ['-1', '-1e-300', '1e999', '-1e999']) {
      const body = JSON.stringify(submission([good({ occupancy: 0.5 }), good()])).replace('0.5', number);
      const { results } = await workplace.submit<{ results: Result[] }>('occupancy', body);
      expect(results.map((result) => result.resultCode)).toEqual([3, 0]);
      expect(results[0]?.message).toMatch(/\boccupancy\b/);
    }
    expect(await rows()).toHaveLength(1);
  });
});

test('every kind of node is accepted; an unknown, inactive, foreign or differently kinded one is code 2', async () => {
  const { office } = workplace;
  for (const kind of ['location', 'level', 'zone', 'place', 'space'] as const) {
    const nodeId = office[`${kind}Id`];
    expect(await codes([good({ locationId: nodeId.toUpperCase(), locationType: kind })])).toEqual([0]);
  }
  const inactive = await addNode(server.db.owner, workplace.tenantId, {
    kind: 'space',
    parentId: office.levelId,
    status: 'inactive',
  });
  const foreign = (await Workplace.open(server)).office.spaceId;
  const bad = [randomUUID(), 'room 7', '', inactive, foreign, office.placeId];
  expect(await codes(bad.map((locationId) => good({ locationId })))).toEqual(bad.map(() => 2));
  expect(await rows()).toHaveLength(5);
  expect(await workplace.refused()).toHaveLength(bad.length);
});

test('a bad value refuses only its event, which is kept with its reason', async () => {
  const bad = [
    ...BAD_TEXTS.flatMap((text) =>
      ['eventId', 'timestamp', 'locationId', 'locationType'].map((m) => [m, text]),
    ),
    ['timestamp', '2026-02-30T09:00:00Z'],
    ['timestamp', '1999-12-31T23:59:59Z'],
    ['timestamp', '2026-03-11T12:00:01Z'],
    ['locationType', 'room'],
  ] as [string, string][];
  const answered = await results([good(), ...bad.map(([member, text]) => good({ [member]: text })), good()]);
  expect(answered.map((result) => result.resultCode)).toEqual([0, ...bad.map(() => 3), 0]);
  for (const [index, [member]] of bad.entries()) expect(answered[index + 1]?.message).toContain(member);
  expect(await rows()).toHaveLength(1);
  const kept = await workplace.refused();
  expect(kept).toHaveLength(bad.length);
  expect(kept[0]).toMatchObject({ endpoint: 'occupancy', sourceId: 'sensor', resultCode: 3 });
  expect(await results([good()], BAD_TEXTS[0])).toMatchObject([{ resultCode: 3 }]);
});

describe('a malformed request is one 400, stores nothing, and is kept', () => {
  test.each([
    ['/sourceId', { occupancyEvents: [] }],
    ['/occupancyEvents', { sourceId: 's' }],
    ['/occupancyEvents', { sourceId: 's', occupancyEvents: {} }],
    ['/occupancyEvents/0', submission([7])],
    ['', []],
  ])('%s is wrong in %j', async (path, body) => {
    const reply = await workplace.post('occupancy', body);
    expect(reply.statusCode).toBe(400);
    expect(reply.json()).toMatchObject({ errors: [{ path }] });
    expect(await workplace.refused()).toMatchObject([{ endpoint: 'occupancy', resultCode: null }]);
  });

  test('missing members, or members of another type', async () => {
    const bad = [
      ...['eventId', 'timestamp', 'locationId', 'locationType'].flatMap((member) =>
        [undefined, null, 7, {}].map((value) => ({ [member]: value })),
      ),
      ...['3', true, [3]].map((occupancy) => ({ occupancy })),
      ...['true', 1, {}].map((occupied) => ({ occupied })),
    ];
    for (const members of bad) {
      const reply = await workplace.post('occupancy', submission([good(), good(members)]));
      expect([members, reply.statusCode]).toEqual([members, 400]);
    }
    expect(await rows()).toEqual([]);
  });

  test('1,001 events, which is one more than the limit', async () => {
    const events = Array.from({ length: 1_001 }, (_, n) => good({ eventId: String(n) }));
    expect((await workplace.post('occupancy', submission(events))).statusCode).toBe(400);
    expect(await rows()).toEqual([]);
    expect(new Set(await codes(events.slice(1)))).toEqual(new Set([0]));
    expect(await rows()).toHaveLength(1_000);
  });
});

test('a submission without events has an empty answer', async () => {
  expect(await results([])).toEqual([]);
});

test('events differ by sourceId, eventId, node, instant and both values, and by nothing else', async () => {
  const { placeId } = workplace.office;
  const different = [
    good(),
    good({ eventId: 'e2' }),
    good({ locationId: placeId, locationType: 'place' }),
    good({ timestamp: '2026-03-10T09:00:00.000001Z' }),
    good({ occupancy: 4 }),
    good({ occupied: false }),
    good({ occupancy: null, occupied: true }),
  ];
  const same = [
    good({ timestamp: '2026-03-10T10:00:00+01:00' }),
    good({ occupied: true }),
    good({ locationId: workplace.office.spaceId.toUpperCase() }),
  ];
  await results([...different, ...same, ...different]);
  expect(await rows()).toHaveLength(different.length);
  await results(different, 'another sensor');
  expect(await rows()).toHaveLength(2 * different.length);
});
