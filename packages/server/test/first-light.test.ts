import { afterAll, beforeAll, expect, test } from 'vitest';
import { addOffice, addUser } from './support/directory.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

test('a client logs in, submits presence and reads it back', async () => {
  const { app, db } = server;
  const tenantId = await server.organisation();
  const key = await server.key(tenantId);
  const office = await addOffice(db.owner, tenantId, 'Australia/Sydney');
  const user = await addUser(db.owner, tenantId);
  const token = await server.token(key);

  const submitted = await app.inject({
    method: 'POST',
    url: '/v1/presence/',
    headers: { authorization: `Bearer ${token}` },
    payload: {
      sourceId: 'north door',
      presenceEvents: [
        {
          eventId: 'e1',
          timestamp: '2026-03-09T22:30:00Z',
          locationId: office.placeId.toUpperCase(),
          locationType: 'place',
          userEmail: user.email,
        },
      ],
    },
  });
  expect(submitted.json()).toEqual({
    sourceId: 'north door',
    timestamp: '2026-03-10T12:00:00.000Z',
    results: [{ eventId: 'e1', resultCode: 0, message: 'Success' }],
  });

  const read = await app.inject({
    url: '/v1/analytics/presence/basic?startDate=20260310&endDate=2026-03-10',
    headers: { authorization: basic(key) },
  });
  expect(read.statusCode).toBe(200);
  expect(read.json()).toEqual([
    expect.objectContaining({
      eventId: 'e1',
      timestamp: '2026-03-09T22:30:00.000Z',
      day: '2026-03-10T00:00:00.000Z',
      userId: user.userId,
      userEmail: user.email,
      sourceId: 'north door',
      sourceUserId: null,
      locationType: 'place',
      placeId: office.placeId,
    }),
  ]);
  expect(read.json()[0]).not.toHaveProperty('spaceId');
});
