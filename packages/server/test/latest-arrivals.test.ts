import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AttendanceClient } from './support/attendance.ts';
import { addNode, addUser } from './support/directory.ts';
import { runErasures } from './support/erasing.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { NODES, PEOPLE, smallOrganisation } from './support/small-organisation.ts';

let server: TestServer;
let tenantId: string;
let client: AttendanceClient;
let key: { apiKey: string; secret: string };
beforeAll(async () => {
  server = await startTestServer();
  ({ tenantId, client, key } = await smallOrganisation(server));
});
afterAll(() => server.close());
// Answers are shared for half a second.
beforeEach(() => {
  server.stopwatch.nowMs += 1_000;
});

const ask = async (locationId: string, of = key) =>
  server.app.inject({
    url: `/v1/manage/locations/${locationId}/arrivals`,
    headers: { authorization: `Bearer ${await server.token(of)}` },
  });

test('an office names those who arrived last, by their first detections of its day', async () => {
  const { userId } = await addUser(server.db.owner, tenantId, { userName: 'ada@example.com' });
  await server.db.owner.inTenant(tenantId, (tx) =>
    tx.query("UPDATE users SET first_name = 'Ada', last_name = 'Lovelace' WHERE user_id = $1", [userId]),
  );
  await client.submit([
    { userId, nodeId: NODES.desk1, kind: 'place', at: '2026-03-13T11:40:00Z' },
    { userId: PEOPLE.ben, nodeId: NODES.hq, at: '2026-03-13T11:50:00Z' },
    // Somebody who is seen again has not arrived again.
    { userId, nodeId: NODES.hq, at: '2026-03-13T11:55:00Z' },
    // Another day, and another office.
    { userId: PEOPLE.cy, nodeId: NODES.hq, at: '2026-03-12T11:50:00Z' },
    { userId: PEOPLE.dee, nodeId: NODES.annex, at: '2026-03-13T11:58:00Z' },
  ]);
  const reply = await ask(NODES.hq);
  expect(reply.statusCode, reply.body).toBe(200);
  const { people, ...office } = reply.json();
  expect(office).toEqual({
    locationId: NODES.hq,
    locationName: 'hq',
    timeZone: 'Europe/London',
    day: '2026-03-13T00:00:00.000Z',
    asOf: '2026-03-13T12:00:00.000Z',
  });
  expect(people.slice(0, 2)).toEqual([
    { userId: PEOPLE.ben, name: 'ben', arrivedAt: '2026-03-13T11:50:00.000Z' },
    { userId, name: 'Ada Lovelace', arrivedAt: '2026-03-13T11:40:00.000Z' },
  ]);
  expect(people.map((person: { name: string }) => person.name)).not.toContain('cy');
  expect(people.map((person: { name: string }) => person.name)).not.toContain('dee');
});

test('at most 20 users are named', async () => {
  const { tenantId, client, key } = await smallOrganisation(server);
  const events = [];
  for (let n = 0; n < 25; n++) {
    const { userId } = await addUser(server.db.owner, tenantId, { userName: `late${n}` });
    events.push({ userId, nodeId: NODES.annex, at: `2026-03-13T10:${String(n + 10)}:00Z` });
  }
  await client.submit(events);
  const { people } = (await ask(NODES.annex, key)).json();
  expect(people).toHaveLength(20);
  expect(people.slice(0, 2).map((person: { name: string }) => person.name)).toEqual(['late24', 'late23']);
});

test('people who were erased today take no place of those who are named', async () => {
  const { tenantId, client, key } = await smallOrganisation(server);
  const authorization = `Bearer ${await server.token(key)}`;
  const events = [];
  for (let n = 0; n < 25; n++) {
    const { userId } = await addUser(server.db.owner, tenantId, { userName: `late${n}` });
    events.push({ userId, nodeId: NODES.annex, at: `2026-03-13T10:${String(n + 10)}:00Z` });
  }
  await client.submit(events);
  for (const { userId } of events.slice(-3)) {
    const url = `/v1/manage/users/${userId}/erasure`;
    const reply = await server.app.inject({ method: 'POST', url, headers: { authorization } });
    expect(reply.statusCode, reply.body).toBe(202);
  }
  await runErasures(server);
  const { people } = (await ask(NODES.annex, key)).json();
  expect(people).toHaveLength(20);
  expect(people[0]).toMatchObject({ name: 'late21' });
});

test('of an office that is not in use, and of what is no office, nobody is named', async () => {
  const retired = await addNode(server.db.owner, tenantId, { kind: 'location', status: 'inactive' });
  for (const id of [retired, NODES.desk1, 'x', '00000000-0000-4000-8000-000000000000'])
    expect((await ask(id)).statusCode).toBe(404);
});

test('an organisation does not share the answer of another one, although both have an office of this id', async () => {
  const other = await smallOrganisation(server);
  await client.submit([{ userId: PEOPLE.ben, nodeId: NODES.hq, at: '2026-03-13T11:30:00Z' }]);
  const [ours, theirs] = [(await ask(NODES.hq)).json(), (await ask(NODES.hq, other.key)).json()];
  expect(theirs.people.map((person: { name: string }) => person.name)).toEqual(['ann']);
  expect(ours.people.length).toBeGreaterThan(1);
});
