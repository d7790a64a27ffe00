import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ManageClient, makeLondon, manageClient } from './support/manage.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { Workplace } from './support/submissions.ts';

let server: TestServer;
let work: Workplace;
let client: ManageClient;
beforeAll(async () => {
  server = await startTestServer();
  work = await Workplace.open(server);
  client = await manageClient(server, work.tenantId);
});
afterAll(() => server.close());

const DATES = 'startDate=2026-03-01&endDate=2026-03-31';

/** Asserts that a text names each of the choices. */
function expectChoices(text: string, choices: readonly string[]): void {
  for (const choice of choices) expect(text).toMatch(new RegExp(`\\b${choice}\\b`));
}

test('the error for a query parameter with a wrong choice lists the choices, on every route of the warehouse', async () => {
  const key = await server.key(work.tenantId);
  const authorization = `Bearer ${await server.token(key)}`;
  const parameters = server.app.routeTable
    .filter(({ method, url }) => method === 'GET' && /^\/v1\/analytics\/(?!.*\/basic)/.test(url))
    .flatMap(({ url, schema }) => {
      const { properties = {} } = (schema?.querystring ?? {}) as {
        properties?: Record<string, { enum?: string[] }>;
      };
      return Object.entries(properties).flatMap(([name, of]) =>
        of.enum ? [{ url, name, choices: of.enum, dates: 'startDate' in properties ? DATES : '' }] : [],
      );
    });
  expect(new Set(parameters.map(({ name }) => name))).toEqual(
    new Set(['format', 'by', 'period', 'subgroups']),
  );
  for (const { url, name, choices, dates } of parameters) {
    const reply = await server.app.inject({
      url: `${url}?${dates}&${name}=wrong`,
      headers: { authorization },
    });
    expect([url, reply.statusCode]).toEqual([url, 400]);
    const { detail, errors } = reply.json();
    expect(errors).toEqual([{ path: name, message: `must be one of ${choices.join(', ')}` }]);
    expectChoices(detail, [name, ...choices]);
  }
  const reply = await server.app.inject({
    url: `/v1/analytics/metrics?${DATES}&weekdays=monday`,
    headers: { authorization },
  });
  expect(reply.statusCode).toBe(400);
  expectChoices(reply.json().detail, ['weekdays', '1', '7', 'Monday', 'Sunday']);
});

test('the error for a member of an event with a wrong choice lists the choices', async () => {
  const event = { eventId: 'e', timestamp: '2026-03-10T09:00:00Z', locationId: work.office.placeId };
  const { userId } = work.user;
  const leave = { eventId: 'e', uid: userId, startDate: '2026-03-12', endDate: '2026-03-12' };
  const messageOf = async (path: string, body: object) =>
    (await work.submit<{ results: { message: string }[] }>(path, body)).results[0]?.message ?? '';
  const kinds = ['location', 'level', 'zone', 'place', 'space'];
  const desk = { ...event, locationType: 'desk' };
  expectChoices(await messageOf('presence', { sourceId: 's', presenceEvents: [{ ...desk, userId }] }), kinds);
  expectChoices(
    await messageOf('occupancy', { sourceId: 's', occupancyEvents: [{ ...desk, occupied: true }] }),
    kinds,
  );
  expectChoices(await messageOf('timeoff', { timeOffEvents: [{ ...leave, eventType: 'created' }] }), [
    'scheduled',
    'cancelled',
  ]);
  const typed = { ...leave, eventType: 'scheduled', timeOffType: 'vacation' };
  expectChoices(await messageOf('timeoff', { timeOffEvents: [typed] }), ['holiday', 'leave', 'sick']);
});

test('the error for a parameter or member of management with a wrong choice lists the choices', async () => {
  const { locationId, deskId } = await makeLondon(client);
  const { userId } = work.user;
  const detailOf = async (...request: Parameters<ManageClient['send']>) => {
    const reply = await client.send(...request);
    expect([request[1], reply.statusCode]).toEqual([request[1], 400]);
    return reply.json().detail as string;
  };
  const day = `users/${userId}/days/2026-03-12`;
  const settings = `locations/${locationId}/settings`;
  expectChoices(await detailOf('GET', 'desks?status=gone'), ['status', 'active', 'inactive']);
  expectChoices(await detailOf('GET', `locations/${locationId}/availability?day=2026-03-12&free=maybe`), [
    'true',
    'false',
  ]);
  expectChoices(await detailOf('DELETE', `${day}/booking?plan=x`), ['r', 'a', 'none']);
  expectChoices(await detailOf('PUT', day, { plan: 'x' }), ['o', 'r', 'a']);
  expectChoices(await detailOf('PUT', `users/${userId}/week-plan`, { weekPlan: { monday: { plan: 'x' } } }), [
    'o',
    'r',
    'a',
  ]);
  expectChoices(await detailOf('PATCH', `desks/${deskId}`, { status: 'gone' }), ['active', 'inactive']);
  expectChoices(await detailOf('PATCH', settings, { presenceReporting: 'x' }), ['detect', 'always', 'never']);
  expectChoices(await detailOf('PATCH', settings, { deskPresence: 'x' }), ['record', 'book']);
});
