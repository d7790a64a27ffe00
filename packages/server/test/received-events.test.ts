import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatReceivedEvent } from '../src/cli/events.ts';
import { listReceivedEvents } from '../src/store/events/received-events.ts';
import { card, sendUpdates, updateOf } from './support/credentials.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { type Members, Workplace } from './support/submissions.ts';

let server: TestServer;
let workplace: Workplace;
beforeAll(async () => {
  server = await startTestServer();
  workplace = await Workplace.open(server);
});
afterAll(() => server.close());

const list = (tenantId: string, options: { since?: Date; limit?: number; refusedOnly?: boolean } = {}) =>
  server.db.owner.inTenant(tenantId, (tx) =>
    listReceivedEvents(tx, tenantId, { since: new Date(0), limit: 100, refusedOnly: false, ...options }),
  );

test('events of presence, occupancy and visitors, and all refused ones, are shown as they arrive', async () => {
  const { office, user } = workplace;
  const at = (eventId: string, members: Members) => ({
    eventId,
    timestamp: '2026-03-10T09:00:00Z',
    locationId: office.spaceId,
    ...members,
  });
  const space = { locationType: 'space' };
  const steps: [string, object][] = [
    ['presence', { presenceEvents: [at('p', { ...space, userId: user.userId })] }],
    ['occupancy', { occupancyEvents: [at('o1', { ...space, occupancy: 2.5 })] }],
    ['occupancy', { occupancyEvents: [at('o2', { ...space, occupied: false })] }],
    ['occupancy', { occupancyEvents: [at('o3', space)] }],
    ['visitor-arrival', { visitorArrivals: [at('v1', { visitorName: 'Vic', hostUserId: user.userId })] }],
    [
      'visitor-arrival',
      { visitorArrivals: [at('v2', { visitorName: 'V\u001b[2J', locationId: office.locationId })] },
    ],
    ['visitor-arrival', { visitorArrivals: [], sourceId: null }],
  ];
  for (const [path, body] of steps) {
    await workplace.post(path, { sourceId: 's', ...body });
    server.clock.advanceS(1);
  }
  await sendUpdates(workplace, updateOf({ email: 'nobody@example.com' }, card()));
  server.clock.advanceS(1);

  const arrivals = await list(workplace.tenantId);
  const { rows } = await server.db.owner.inTenant(workplace.tenantId, (tx) =>
    tx.query<{ name: string }>(
      "SELECT name FROM nodes WHERE kind IN ('location', 'space') AND tenant_id = $1 ORDER BY kind",
      [workplace.tenantId],
    ),
  );
  const [officeName, spaceName] = rows.map(({ name }) => name);
  const there = `${spaceName}, ${officeName}`;
  expect(arrivals.map((arrival) => formatReceivedEvent(arrival).slice(26))).toEqual([
    `presence  "s" "p"  stored  ${user.userName} at ${there}`,
    `occupancy  "s" "o1"  stored  occupied (2.5) at ${there}`,
    `occupancy  "s" "o2"  stored  not occupied at ${there}`,
    'occupancy  "s" "o3"  refused (3)  occupied or occupancy must be given',
    `visitor-arrival  "s" "v1"  stored  Vic for ${user.userName} at ${there}`,
    `visitor-arrival  "s" "v2"  stored  V\ufffd[2J at ${officeName}`,
    'visitor-arrival  - -  refused (request)  The request is malformed: /sourceId must be string.',
    expect.stringContaining('access-credentials  - "u1"  refused (1)  USER_NOT_FOUND: username'),
  ]);
  expect(new Set(arrivals.map(({ arrivalId }) => arrivalId)).size).toBe(arrivals.length);
  expect(await list(workplace.tenantId)).toEqual(arrivals);

  const since = arrivals[4]?.arrivedAt ?? new Date();
  expect(await list(workplace.tenantId, { since })).toEqual(arrivals.slice(4));
  expect(await list(workplace.tenantId, { limit: 3 })).toEqual(arrivals.slice(-3));
  const refused = arrivals.filter(({ reason }) => reason !== null);
  expect(await list(workplace.tenantId, { refusedOnly: true })).toEqual(refused);
  expect(await list((await Workplace.open(server)).tenantId)).toEqual([]);
});
