import { afterAll, beforeAll, expect, test } from 'vitest';
import { Consumer, facts } from './support/consumer.ts';
import { type ManageClient, manageClient } from './support/manage.ts';
import { FOREIGN, plantPerson, wordsInDatabase } from './support/person-data.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let manage: ManageClient;
let tenantId: string;
let locationId: string;
beforeAll(async () => {
  server = await startTestServer();
  const planted = await plantPerson(server);
  tenantId = planted.tenantId;
  locationId = planted.office.locationId;
  manage = await manageClient(server, tenantId);
  await arrive({ eventId: 'v1', visitorName: 'Grace Hopper', visitorEmail: 'Grace@navy.example' });
  await arrive({ eventId: 'v2', visitorName: 'grace hopper', visitorCompany: 'Navy' });
  await arrive({ eventId: 'v3', visitorName: 'Grace Hopper', timestamp: '2026-02-01T09:00:00Z' });
  await arrive({ eventId: 'v4', visitorName: 'Grace Hopper', locationId: planted.userId });
});
afterAll(() => server.close());

function arrive(members: object) {
  const arrival = { timestamp: '2026-03-10T09:00:00Z', locationId, locationType: 'location', ...members };
  return server.app.inject({
    method: 'POST',
    url: '/v1/visitor-arrival',
    headers: { authorization: manage.authorization },
    payload: { sourceId: 'lobby', visitorArrivals: [arrival] },
  });
}

const erase = async (visitor: object, query = '') => {
  const reply = await manage.send('POST', `visitors/erasure${query}`, visitor);
  expect(reply.statusCode, reply.body).toBe(200);
  return reply.json();
};
const names = async () => [...(await wordsInDatabase(server, '(?:grace|navy)')).keys()].toSorted();

test('a visitor who is not named, or named twice, is a 400', async () => {
  for (const visitor of [
    {},
    { name: 'x' },
    { day: '2026-03-10' },
    { email: 'a@b.c', name: 'x', day: '2026-03-10' },
  ]) {
    expect(expectProblem(await manage.send('POST', 'visitors/erasure', visitor), 400)).toContain('email');
  }
});

test('a dry run counts and changes nothing', async () => {
  const before = await names();
  expect(await erase({ email: 'GRACE@navy.example' }, '?dryRun=true')).toEqual({
    ...{ dryRun: true, arrivals: 1, refusedEvents: 0 },
  });
  expect(await names()).toEqual(before);
});

test('by e-mail address, then by name and day: a copy that follows changes forgets the visitor, and no count moves', async () => {
  const copy = new Consumer(server, await server.key(tenantId), 'visitors');
  await copy.load();
  const count = copy.rows().length;
  expect(await erase({ email: 'GRACE@navy.example' })).toMatchObject({ dryRun: false, arrivals: 1 });
  expect(await names()).not.toContain('grace@navy.example');
  expect(await erase({ name: 'GRACE HOPPER', day: '2026-03-10' })).toMatchObject({
    arrivals: 1,
    refusedEvents: 1,
  });
  await copy.follow();
  expect(facts(copy.rows())).toEqual(facts(await copy.exported()));
  expect(copy.rows().length).toBe(count);
  expect(JSON.stringify(copy.rows())).not.toMatch(/grace|navy/i);
  // Of another day.
  expect(await names()).toEqual(['grace']);
  expect(await erase({ name: 'grace hopper', day: '2026-02-01' })).toMatchObject({ arrivals: 1 });
  expect(await names()).toEqual([]);
  expect([...(await wordsInDatabase(server, FOREIGN)).keys()]).toContain(`guest.${FOREIGN}@example.com`);
});
