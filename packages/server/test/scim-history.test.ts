import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ScimClient, scimClient } from './support/scim.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { addLondon, change, office, readCounterFaults, readLog, readStored } from './workday/support.ts';

let server: TestServer;
let idp: ScimClient;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  idp = await scimClient(server);
});
afterAll(() => server.close());

/** The clock shows 10 March 2026. */
const DAYS = ['2026-03-09', '2026-03-10', '2026-03-11'];

test.each([
  [
    'active: false',
    async (path: string) => idp.patch(path, { op: 'Replace', path: 'active', value: 'False' }),
  ],
  [
    'PUT with active: false',
    async (path: string) => idp.call('PUT', path, { userName: 'ada', active: false }),
  ],
  ['DELETE', async (path: string) => idp.call('DELETE', path)],
])('%s frees bookings from today on, and history stays', async (_what, deactivate) => {
  const london = await addLondon(server.db.owner, idp.tenantId);
  const authorization = basic(await server.key(idp.tenantId));
  const { id } = await idp.createUser({ userName: 'ada', emails: ['ada@example.com'] });
  await change(
    server.db.restricted,
    idp.tenantId,
    DAYS.map((day) => office(id, day, london.locationId, london.placeId)),
  );
  const event = {
    eventId: 'e',
    timestamp: '2026-03-09T09:00:00Z',
    locationId: london.placeId,
    locationType: 'place',
  };
  const submit = async () =>
    (
      await server.app.inject({
        method: 'POST',
        url: '/v1/presence/basic',
        headers: { authorization },
        payload: { sourceId: 's', presenceEvents: [{ ...event, userId: id }] },
      })
    ).json().results[0].resultCode;
  expect(await submit()).toBe(0);

  expect((await deactivate(`/Users/${id}`)).statusCode).toBeLessThan(300);

  const { plans, bookings } = await readStored(server.db.owner, idp.tenantId);
  expect([plans.map(({ day }) => day), bookings.map(({ day }) => day)]).toEqual([
    DAYS.slice(0, 1),
    DAYS.slice(0, 1),
  ]);
  expect(await readCounterFaults(server.db.owner, idp.tenantId)).toEqual([]);
  expect((await readLog(server.db.owner, idp.tenantId)).at(-1)).toMatchObject({
    action: 'cancelled',
    changedBy: 'integration',
    changedByName: idp.tokenId,
    reason: 'Provisioning',
  });
  expect(await submit()).toBe(1);
  const read = async (dataset: string) =>
    (await server.app.inject({ url: `/v1/analytics/${dataset}`, headers: { authorization } })).json();
  expect(await read('users/basic')).toMatchObject([{ userId: id, status: 'inactive' }]);
  const days = 'startDate=20260309&endDate=20260310';
  expect(await read(`presence/basic?${days}`)).toMatchObject([
    { userId: id, day: '2026-03-09T00:00:00.000Z' },
  ]);
  expect(await read(`user-booking-attendance/basic?${days}`)).toMatchObject([
    { userId: id, attendanceType: 'confirmed' },
  ]);
});

test('a user who becomes active again can be detected again', async () => {
  const { id } = await idp.createUser({ userName: 'ada', active: false });
  const reply = await idp.patch(`/Users/${id}`, { op: 'replace', value: { active: true } });
  expect(reply.json()).toMatchObject({ id, active: true });
});
