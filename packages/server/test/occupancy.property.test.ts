import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addNode } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { type Members, type Result, Workplace } from './support/submissions.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** An organisation whose office has the same ids as that of another one. The same events give the same exports. */
async function twinOf({ office, user }: Workplace): Promise<Workplace> {
  const { owner } = server.db;
  const tenantId = await server.organisation();
  const { locationId, levelId, spaceId } = office;
  await addNode(owner, tenantId, { kind: 'location', nodeId: locationId, name: 'office', timeZone: 'UTC' });
  await addNode(owner, tenantId, { kind: 'level', nodeId: levelId, name: 'level', parentId: locationId });
  await addNode(owner, tenantId, { kind: 'space', nodeId: spaceId, name: 'space', parentId: levelId });
  const token = await server.token(await server.key(tenantId));
  return new Workplace(server, { tenantId, token, office, user });
}

/** Events with few different values, so that repeats are common. */
const event = fc.record(
  {
    eventId: fc.constantFrom('a', 'b', ''),
    timestamp: fc.constantFrom(
      '2026-03-10T09:00:00Z',
      '2026-03-10T20:00:00+11:00',
      '2026-03-09T23:59:59.999999Z',
    ),
    locationType: fc.constantFrom('space', 'level', 'nowhere'),
    occupancy: fc.constantFrom(0, 1, 2.5, -1, null),
    occupied: fc.constantFrom(true, false, null),
  },
  { requiredKeys: ['eventId', 'timestamp', 'locationType'] },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

async function tell(workplace: Workplace, events: Event[], size: number): Promise<void> {
  const { spaceId, levelId } = workplace.office;
  const occupancyEvents = events.map((each) => ({
    ...each,
    locationId: each.locationType === 'level' ? levelId : spaceId,
  }));
  for (let start = 0; start < events.length; start += size) {
    const body = { sourceId: 's', occupancyEvents: occupancyEvents.slice(start, start + size) };
    await workplace.submit('occupancy', body);
  }
}

const nameless = (rows: Members[]) => rows.map(({ locationName, levelName, spaceName, ...row }) => row);

test('order, batches and repetition of events never change the export', async () => {
  const retelling = fc.array(event, { minLength: 1, maxLength: 20 }).chain((events) =>
    fc.record({
      events: fc.constant(events),
      // Every event comes at least once, and some several times, in any order.
      again: fc
        .tuple(
          fc.shuffledSubarray(events, { minLength: events.length }),
          fc.array(fc.constantFrom(...events), { maxLength: 10 }),
        )
        .map(([all, more]) => [...more, ...all]),
      size: fc.integer({ min: 1, max: 8 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(retelling, async ({ events, again, size }) => {
      const one = await Workplace.open(server);
      const other = await twinOf(one);
      await tell(one, events, 1_000);
      await tell(other, again, size);
      expect(nameless(await other.exported('occupancy'))).toEqual(nameless(await one.exported('occupancy')));
    }),
    { numRuns: 15 },
  );
});

test('concurrent overlapping batches, each in its own order, all succeed and store each event once', async () => {
  const workplace = await Workplace.open(server);
  const events = Array.from({ length: 400 }, (_, index) => ({
    eventId: `e${index}`,
    timestamp: new Date(Date.UTC(2026, 2, 9) + (index % 50) * 60_000).toISOString(),
    locationId: workplace.office.spaceId,
    locationType: 'space',
    occupancy: index % 3,
  }));
  const batches = fc.sample(fc.shuffledSubarray(events, { minLength: 300 }), { numRuns: 30, seed: 7 });
  const answers = await Promise.all(
    [...batches, events, events.toReversed()].map((occupancyEvents) =>
      workplace.submit<{ results: Result[] }>('occupancy', { sourceId: 's', occupancyEvents }),
    ),
  );
  expect(new Set(answers.flatMap(({ results }) => results.map((each) => each.resultCode)))).toEqual(
    new Set([0]),
  );
  const exported = (await workplace.exported('occupancy')).map((row) => row.eventId);
  expect(exported.toSorted()).toEqual(events.map(({ eventId }) => eventId).toSorted());
});

test('the export is ordered by local day and office, and the filter takes any node', async () => {
  const sydney = await Workplace.open(server, 'Australia/Sydney');
  const { locationId, levelId, zoneId, placeId, spaceId } = sydney.office;
  const at = (locationType: string, id: string, timestamp: string) => ({
    eventId: `${locationType} ${timestamp.slice(8, 13)}`,
    timestamp,
    locationType,
    locationId: id,
    occupied: true,
  });
  await sydney.submit('occupancy', {
    sourceId: 's',
    occupancyEvents: [
      at('space', spaceId, '2026-03-10T12:59:00Z'),
      at('place', placeId, '2026-03-09T13:00:00Z'),
      at('zone', zoneId, '2026-03-09T12:59:00Z'),
      at('level', levelId, '2026-03-10T13:00:00Z'),
    ],
  });
  const ids = async (query: string) => (await sydney.exported('occupancy', query)).map((row) => row.eventId);
  const tenth = 'startDate=20260310&endDate=20260310';
  expect(await ids(tenth)).toEqual(['place 09T13', 'space 10T12']);
  const all = ['zone 09T12', 'place 09T13', 'space 10T12', 'level 10T13'];
  const march = 'startDate=2026-03-09&endDate=2026-03-11';
  expect(await ids(march)).toEqual(all);
  expect(await ids(`${march}&locationIds=${locationId}`)).toEqual(all);
  expect(await ids(`${march}&locationIds=${levelId.toUpperCase()}`)).toEqual(all);
  expect(await ids(`${march}&locationIds=${zoneId}`)).toEqual(['zone 09T12', 'place 09T13']);
  expect(await ids(`${march}&locationIds=${placeId},${spaceId}`)).toEqual(['place 09T13', 'space 10T12']);
  expect(await ids(`${march}&locationIds=nowhere`)).toEqual([]);
});
