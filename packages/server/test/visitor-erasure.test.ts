import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { entriesOf } from './support/audit.ts';
import { seeingAll } from './support/backup.ts';
import { Consumer, facts } from './support/consumer.ts';
import { untilWaiting } from './support/locks.ts';
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

/** 250 refused arrivals, which are more than one slice. */
const ADD_MANY = `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, sender, api_key_folded, endpoint, cause, reason,
    event_id, source_id, event)
  SELECT $1, now() + n * interval '1 ms', gen_random_uuid(), 'key', 'k', 'visitor-arrival', 'unknownNode', 'none', 'many-' || n,
    'planted', $2 FROM generate_series(1, 250) AS n`;

describe('refused events', () => {
  const events = {
    tor: { visitorName: 'Tor', timestamp: '2026-03-10T09:00:00Z' },
    torOfNoTime: { visitorName: 'TOR', timestamp: 'soon' },
    torOfOtherDay: { visitorName: 'Tor', timestamp: '2026-03-13T09:00:00Z' },
    monitor: { visitorName: 'Monitor Torsten', visitorCompany: 'Tor', timestamp: '2026-03-10T09:00:00Z' },
    quoted: { visitorName: 'Ada "Q" \\ Lovelace', timestamp: '2026-03-10T23:30:00-05:00' },
    listed: { sourceId: 's', visitorArrivals: [{}, { visitorEmail: 'Tor@x.example' }] },
    longer: { visitorEmail: 'viktor@x.example', hostUserEmail: 'tor@x.example' },
  };
  const refusedIds = async () => {
    const { rows } = await seeingAll(server.db.target, (client) =>
      client.query<{ id: string }>(
        "SELECT event_id AS id FROM refused_events WHERE source_id = 'planted' ORDER BY event_id",
      ),
    );
    return rows.map(({ id }) => id);
  };
  beforeEach(() =>
    seeingAll(server.db.target, async (client) => {
      await client.query("DELETE FROM refused_events WHERE source_id = 'planted'");
      for (const [id, event] of Object.entries(events)) {
        await client.query(
          `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, sender, api_key_folded, endpoint, cause, reason, event_id, source_id, event)
           VALUES ($1, now(), gen_random_uuid(), 'key', 'k', 'visitor-arrival', 'unknownNode', 'none', $2, 'planted', $3)`,
          [tenantId, id, JSON.stringify(event)],
        );
      }
    }),
  );
  const left = (...gone: string[]) =>
    Object.keys(events)
      .filter((id) => !gone.includes(id))
      .toSorted();

  test.each([
    ['the name, of the day', { name: 'tor', day: '2026-03-10' }, ['tor', 'torOfNoTime']],
    ['a name with quotes', { name: 'ada "q" \\ lovelace', day: '2026-03-10' }, ['quoted']],
    ['the name, of another day', { name: 'Tor', day: '2026-03-13' }, ['torOfNoTime', 'torOfOtherDay']],
    ['the address', { email: 'TOR@x.example' }, ['listed']],
  ])('are deleted by exactly %s', async (_, visitor, gone) => {
    expect(await erase(visitor, '?dryRun=true')).toMatchObject({ refusedEvents: gone.length });
    expect(await refusedIds()).toEqual(left());
    expect(await erase(visitor)).toMatchObject({ refusedEvents: gone.length });
    expect(await refusedIds()).toEqual(left(...gone));
  });

  test('are deleted in slices: the first ones are gone while a later one is locked', async () => {
    const left = async () => (await refusedIds()).filter((id) => id.startsWith('many'));
    await seeingAll(server.db.target, async (holder) => {
      await holder.query(ADD_MANY, [tenantId, '{"visitorEmail":"many@x.example"}']);
      await holder.query("BEGIN; SELECT FROM refused_events WHERE event_id = 'many-250' FOR UPDATE");
      const erasing = erase({ email: 'many@x.example' });
      await untilWaiting(server.db.target, 1);
      const meanwhile = await left();
      await holder.query('COMMIT');
      expect(await erasing).toMatchObject({ refusedEvents: 250 });
      expect(meanwhile).toContain('many-250');
      expect(meanwhile.length).toBeLessThan(250);
    });
    expect(await left()).toEqual([]);
  });

  test('that were cut off are deleted, because nobody can tell whom they name', async () => {
    await seeingAll(server.db.target, (client) =>
      client.query(
        `UPDATE refused_events SET event = '{"visitorName":"To', obstacle = 'tooLong' WHERE event_id = 'monitor'`,
      ),
    );
    expect(await erase({ email: 'nobody@x.example' })).toMatchObject({ refusedEvents: 1 });
    expect(await refusedIds()).toEqual(left('monitor'));
  });
});

test('an erasure that breaks off is in the audit trail, with what it found, and a dry run is not', async () => {
  await arrive({ eventId: 'v5', visitorName: 'Linus' });
  const erasures = async () =>
    (await entriesOf(server, tenantId)).filter(({ action }) => action === 'visitor.erased');
  const before = (await erasures()).length;
  const visitor = { name: 'linus', day: '2026-03-10' };
  await erase(visitor, '?dryRun=true');
  await seeingAll(server.db.target, (client) =>
    client.query(
      "ALTER TABLE visitor_arrivals ADD CONSTRAINT test_fault CHECK (visitor_name <> 'Erased visitor') NOT VALID",
    ),
  );
  expect((await manage.send('POST', 'visitors/erasure', visitor)).statusCode).toBe(500);
  await seeingAll(server.db.target, (client) =>
    client.query('ALTER TABLE visitor_arrivals DROP CONSTRAINT test_fault'),
  );
  expect((await erasures()).slice(before)).toMatchObject([
    { metadata: { by: 'name', arrivals: 1, refusedEvents: 0 } },
  ]);
  expect(await erase(visitor)).toMatchObject({ arrivals: 1 });
});
