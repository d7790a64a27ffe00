import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whileLocked } from './support/locks.ts';
import { addSite, goodEvent, type Members, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let site: Site;
let token: string;
beforeAll(async () => {
  server = await startTestServer();
  site = await addSite(server);
  token = await server.token(site.key);
});
afterAll(() => server.close());

interface Result {
  resultCode: number;
  message: string;
  isNew?: boolean;
}

async function post(url: string, payload: object, prefer?: string): Promise<Result[]> {
  const reply = await server.app.inject({
    method: 'POST',
    url,
    headers: { authorization: `Bearer ${token}`, ...(prefer === undefined ? {} : { prefer }) },
    payload,
  });
  expect(reply.statusCode).toBe(200);
  return (reply.json() as { results: Result[] }).results;
}

const presence = (events: Members[], prefer?: string) =>
  post('/v1/presence', { sourceId: 'door', presenceEvents: events }, prefer);

const told = (results: Result[]) => results.map(({ isNew }) => isNew);

describe('a client that prefers tell-new', () => {
  test('learns whether each stored event is new, also for a repeated event in a call and beside refused ones', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((eventId) => goodEvent(site, { eventId }));
    const refused = goodEvent(site, { eventId: 'r', locationType: 'house' });
    expect(told(await presence([a, b] as Members[], 'tell-new'))).toEqual([true, true]);
    const results = await presence([c, refused, a, c, b] as Members[], 'tell-new');
    expect(told(results)).toEqual([true, undefined, false, false, false]);
    expect(results.map(({ resultCode }) => resultCode)).toEqual([0, 3, 0, 0, 0]);
  });

  test('learns this for occupancy and visitors, too', async () => {
    const at = { locationId: site.office.placeId, timestamp: '2026-03-10T09:00:00Z', eventId: '1' };
    const occupancy = { ...at, locationType: 'place', occupancy: 2 };
    const sent = { sourceId: 'x', occupancyEvents: [occupancy, { ...occupancy, occupancy: 3 }, occupancy] };
    expect(told(await post('/v1/occupancy', sent, 'tell-new'))).toEqual([true, true, false]);
    const arrivals = { sourceId: 'x', visitorArrivals: [{ ...at, visitorName: 'Grace' }] };
    for (const isNew of [true, false])
      expect(told(await post('/v1/visitor-arrival', arrivals, 'tell-new'))).toEqual([isNew]);
  });

  test.each(['TELL-NEW', 'respond-async, tell-new; x=1', 'wait=5,tell-new'])('as "%s"', async (prefer) => {
    const event = goodEvent(site, { eventId: prefer });
    expect(told(await presence([event], prefer))).toEqual([true]);
  });
});

test.each([undefined, '', 'return=minimal', 'tell-newer'])(
  'other clients get no such member: Prefer %j',
  async (prefer) => {
    const results = await presence([goodEvent(site, { eventId: `plain ${prefer}` })], prefer);
    expect(results.map((result) => Object.keys(result))).toEqual([['eventId', 'resultCode', 'message']]);
  },
);

test('of merged requests with a common event, exactly one stores it as new', async () => {
  const shared = goodEvent(site, { eventId: 'shared' });
  const answers = await whileLocked(server.db.target, 'presence_events', 'SHARE', () =>
    Promise.all(
      Array.from({ length: 30 }, (_, turn) =>
        // Requests without the preference are merged with those that have it.
        presence(
          [shared, goodEvent(site, { eventId: `own ${turn}` })],
          turn % 3 === 0 ? undefined : 'tell-new',
        ),
      ),
    ),
  );
  const asked = answers.filter((_, turn) => turn % 3 !== 0).map(told);
  expect(asked.map(([, own]) => own)).toEqual(asked.map(() => true));
  expect(asked.filter(([first]) => first).length).toBeLessThanOrEqual(1);
  expect(told(await presence([shared], 'tell-new'))).toEqual([false]);
});
