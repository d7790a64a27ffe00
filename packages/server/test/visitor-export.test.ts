import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entriesOf } from './support/audit.ts';
import { seeingAll } from './support/backup.ts';
import { type ManageClient, manageClient } from './support/manage.ts';
import { csvRowsOf, FOREIGN, type Planted, plantPerson } from './support/person-data.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';
import { until } from './support/waiting.ts';
import { type Files, filesOf } from './support/zip-files.ts';

type Row = Record<string, unknown>;

const EMAIL = 'Grace@navy.example';
const TIME = '2026-03-10T09:00:00Z';
const BY_NAME = { name: 'GRACE HOPPER', day: '2026-03-10' };

let server: TestServer;
let planted: Planted;
let manage: ManageClient;
beforeAll(async () => {
  server = await startTestServer();
  planted = await plantPerson(server);
  manage = await manageClient(server, planted.tenantId);
  const nowhere = { locationId: randomUUID() };
  await arrive({ eventId: 'v1', visitorName: 'Grace Hopper', visitorEmail: EMAIL, visitorCompany: 'Navy' });
  await arrive({ eventId: 'v2', visitorName: 'grace hopper', hostUserId: planted.otherId });
  await arrive({ eventId: 'v3', visitorName: 'Grace Hopper', timestamp: '2026-02-01T09:00:00Z' });
  await arrive({ eventId: 'v4', visitorName: 'Joan Clarke', visitorEmail: 'joan@gchq.example' });
  await arrive({ eventId: 'r1', visitorName: 'Grace H', visitorEmail: EMAIL, ...nowhere });
  await arrive({
    ...{ eventId: 'r2', visitorName: 'Grace Hopper', hostUserEmail: `nobody.${FOREIGN}@example.com` },
  });
  await arrive({ eventId: 'r3', visitorName: 'Joan Clarke', ...nowhere });
  // A malformed request, which is kept whole.
  await arrive({ visitorName: 'Joan Clarke' }, { visitorName: 'Grace', visitorEmail: EMAIL });
});
afterAll(() => server.close());

function arrive(...arrivals: object[]) {
  const { locationId } = planted.office;
  return server.app.inject({
    method: 'POST',
    url: '/v1/visitor-arrival',
    headers: { authorization: manage.authorization },
    payload: {
      sourceId: 'lobby',
      visitorArrivals: arrivals.map((each) =>
        'eventId' in each ? { timestamp: TIME, locationId, locationType: 'location', ...each } : each,
      ),
    },
  });
}

async function exportOf(visitor: object): Promise<Files> {
  const reply = await manage.send('POST', 'visitors/export', visitor);
  expect(reply.statusCode, reply.body).toBe(200);
  expect(reply.headers).toMatchObject({
    'content-type': 'application/zip',
    'cache-control': 'no-store',
    'content-disposition': 'attachment; filename="visitor.zip"',
  });
  return filesOf(reply.rawPayload);
}

const rowsOf = (files: Files, name: string) => JSON.parse(files[`${name}.json`] ?? '') as Row[];

test('has the arrivals of the visitor by address, or by name and day, as JSON and CSV, and no host', async () => {
  const byAddress = await exportOf({ email: EMAIL.toUpperCase() });
  expect(rowsOf(byAddress, 'visits')).toEqual([
    expect.objectContaining({
      ...{ eventId: 'v1', sourceId: 'lobby', day: '2026-03-10', timestamp: '2026-03-10T09:00:00.000Z' },
      ...{ visitorName: 'Grace Hopper', visitorEmail: EMAIL, visitorCompany: 'Navy' },
    }),
  ]);
  const byName = await exportOf(BY_NAME);
  expect(rowsOf(byName, 'visits').map(({ eventId }) => eventId)).toEqual(
    expect.arrayContaining(['v1', 'v2']),
  );
  expect(rowsOf(byName, 'visits')).toHaveLength(2);
  for (const files of [byAddress, byName]) {
    for (const name of ['visits', 'refused-events']) {
      const csv = await csvRowsOf(files[`${name}.csv`] ?? '');
      expect(csv.map(({ eventId }) => eventId)).toEqual(
        rowsOf(files, name).map(({ eventId }) => String(eventId ?? '')),
      );
    }
    expect(Object.values(files).join('\n')).not.toMatch(
      new RegExp(`joan|${FOREIGN}|${planted.otherId}`, 'i'),
    );
  }
});

test('has the refused events that name the visitor, without the host and other visitors', async () => {
  const eventsOf = async (visitor: object) =>
    rowsOf(await exportOf(visitor), 'refused-events').map(({ event }) => event as Row);
  expect(await eventsOf({ email: EMAIL })).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ eventId: 'r1', visitorEmail: EMAIL }),
      { visitorArrivals: [{ visitorName: 'Grace', visitorEmail: EMAIL }] },
    ]),
  );
  const byName = await eventsOf(BY_NAME);
  expect(byName).toEqual([
    {
      ...{ eventId: 'r2', visitorName: 'Grace Hopper', timestamp: TIME },
      ...{ locationId: planted.office.locationId, locationType: 'location' },
    },
  ]);
});

test('leaves out an event that was cut off, because nobody can tell whom it names', async () => {
  await seeingAll(server.db.target, (client) =>
    client.query(
      `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, sender, api_key_folded, endpoint, cause, reason, event, obstacle)
       VALUES ($1, now(), gen_random_uuid(), 'key', 'k', 'visitor-arrival', 'unknownNode', 'none', $2, 'tooLong')`,
      [planted.tenantId, `{"visitorEmail":"${EMAIL}","visitorName":"Cut o`],
    ),
  );
  expect(Object.values(await exportOf({ email: EMAIL })).join('\n')).not.toContain('Cut o');
});

test('the manifest says whom, counts the rows and has the sources; the recipients are those of visitors', async () => {
  const files = await exportOf(BY_NAME);
  expect(Object.keys(files)).toEqual([
    ...['visits.json', 'visits.csv', 'refused-events.json', 'refused-events.csv'],
    ...['recipients.json', 'manifest.json'],
  ]);
  const manifest = JSON.parse(files['manifest.json'] ?? '');
  expect(manifest).toMatchObject({
    ...{ format: 1, organisationId: planted.tenantId },
    visitor: { name: 'grace hopper', day: '2026-03-10' },
    categories: [
      { name: 'visits', rows: 2, source: 'the system that `sourceId` names' },
      { name: 'refused-events', rows: 1 },
    ],
  });
  expect(JSON.stringify(manifest)).not.toContain('the person');
  const { programs, people } = JSON.parse(files['recipients.json'] ?? '');
  expect(programs).toMatchObject([{ kind: 'key', id: manage.apiKey }]);
  expect(Object.keys(people).toSorted()).toEqual(['administrator', 'integrations', 'planner']);
});

test('of a visitor who is unknown has no rows', async () => {
  const files = await exportOf({ email: 'nobody@navy.example' });
  expect([files['visits.json'], files['refused-events.json']]).toEqual(['[]\n', '[]\n']);
});

test('a visitor who is not named, or named twice, is a 400; other roles get a 403', async () => {
  for (const visitor of [{}, { name: 'x' }, { day: '2026-03-10' }, { email: 'a@b.c', ...BY_NAME }])
    expect(expectProblem(await manage.send('POST', 'visitors/export', visitor), 400)).toContain('email');
  for (const role of ['integrations', 'planner', 'viewer'] as const) {
    const headers = await browserWithRole(server, planted.tenantId, role);
    const call = { method: 'POST', url: '/v1/manage/visitors/export', headers, payload: BY_NAME } as const;
    expectProblem(await server.app.inject(call), 403);
  }
});

test('has an entry in the audit trail, without the name', async () => {
  const entries = async () =>
    (await entriesOf(server, planted.tenantId)).filter(({ action }) => action === 'visitor.exported');
  const before = (await entries()).length;
  await exportOf(BY_NAME);
  // The entry says whether the client has all of it, so it comes after the answer.
  await until(async () => (await entries()).length > before);
  expect((await entries()).slice(before)).toMatchObject([
    { targets: [], metadata: { by: 'name', complete: true } },
  ]);
});
