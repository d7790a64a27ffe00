import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeLondon, manageClient } from './support/manage.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { type Members, Workplace } from './support/submissions.ts';

let server: TestServer;
let work: Workplace;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  work = await Workplace.open(server);
});
afterAll(() => server.close());

const INSTANT = '2026-03-10T09:30:00.123Z';
const INSTANT_MS = Date.parse(INSTANT);

const event = (members: Members = {}) => ({
  eventId: 'e1',
  timestamp: INSTANT,
  locationId: work.office.placeId,
  locationType: 'place',
  userId: work.user.userId,
  ...members,
});
const codesOf = async (path: string, body: object | string) =>
  (await work.submit<{ results: { resultCode: number }[] }>(path, body)).results.map(
    ({ resultCode }) => resultCode,
  );

/** The lists of a body, each by the path of members to it. */
function listsOf(schema: unknown, path: string[] = []): string[][] {
  const {
    items,
    properties = {},
    anyOf = [],
  } = schema as {
    items?: object;
    properties?: Record<string, object>;
    anyOf?: object[];
  };
  return [
    ...(items ? [path, ...listsOf(items, [...path, '0'])] : []),
    ...Object.entries(properties).flatMap(([name, member]) => listsOf(member, [...path, name])),
    ...anyOf.flatMap((each) => listsOf(each, path)),
  ];
}

/** What a body has beside its list. */
function requiredBeside(url: string): Record<string, unknown> {
  if (url.endsWith('/floor-plan/draft')) return { imageId: null, aspectRatio: 1.5 };
  if (url === '/v1/manage/keys') return { name: 'a key', role: 'data-warehouse', authentication: 'hmac' };
  return url.startsWith('/v1/manage/') ? {} : { sourceId: 's' };
}

test('a single object in place of a list counts as a list of one, in every body with a list', async () => {
  const token = `Bearer ${work.token}`;
  const basicOnly = (url: string) => url.endsWith('/basic');
  // Browsers make the bodies of sessions, such as passkeys.
  const ofSession = (url: string) => url.startsWith('/v1/session');
  const routes = server.app.routeTable.filter(
    ({ schema, url }) =>
      schema?.body && listsOf(schema.body).length > 0 && !basicOnly(url) && !ofSession(url),
  );
  const names = routes.map(({ method, url }) => `${method} ${url}`);
  expect(names).toEqual(
    expect.arrayContaining([
      ...['presence', 'occupancy', 'timeoff', 'access-credentials', 'visitor-arrival'].map(
        (path) => `POST /v1/${path}`,
      ),
      'PUT /v1/directory-management/group-relationships',
      'POST /v1/directory-management/user-attributes',
      'POST /v1/manage/desks',
      'POST /v1/manage/days',
      'POST /v1/manage/week-plans',
      'PATCH /v1/manage/organisation',
      'POST /v1/manage/keys',
      'PATCH /v1/manage/keys/:apiKey',
    ]),
  );
  for (const { method, url, schema } of routes) {
    const [[member = ''] = []] = listsOf(schema?.body);
    const send = async (value: unknown) => {
      const payload = { ...requiredBeside(url), [member]: value };
      const reply = await server.app.inject({
        method: method as 'POST',
        url: url.replace(/:\w+/g, work.office.placeId),
        headers: { authorization: token },
        payload,
      });
      const { timestamp: _, correlationId: __, ...answer } = reply.json();
      return [reply.statusCode, answer];
    };
    const isText = /\/(organisation|keys(\/:apiKey)?)$/.test(url);
    const one = isText ? 'department' : { surprise: 1 };
    const answer = await send(one);
    expect([url, ...answer]).toEqual([url, ...(await send([one]))]);
    expect(JSON.stringify(answer)).not.toContain('must be array');
    // Other values do not count as a list of one.
    for (const wrong of [7, true, ...(isText ? [{}] : ['x', {}])]) {
      expect(JSON.stringify(await send(wrong))).toContain('must be array');
    }
  }
});

test('lists within lists, of texts too, can be single values', async () => {
  const { email, userId } = work.user;
  const card = { active: true, cardNumber: '1', scanData: 'scan 1', credentialType: 'badge' };
  const reply = await work.submit('access-credentials', {
    data: { username: email, updateId: 'u1', credentials: card },
  });
  expect(reply).toMatchObject({ updateId: 'u1', result: 'OK', results: [{ cardNumber: '1', result: 'OK' }] });
  const byCard = event({ userId: undefined, sourceUserId: 'scan 1' });
  expect(await codesOf('presence', { sourceId: 's', presenceEvents: byCard })).toEqual([0]);
  expect(await work.exported('presence')).toMatchObject([{ userId, sourceUserId: 'scan 1' }]);
});

test('a single item of management is written', async () => {
  const client = await manageClient(server);
  const london = await makeLondon(client);
  const reply = await client.send('POST', 'desks', { items: { deskName: 'N2', zoneId: london.zoneId } });
  expect(reply.json()).toMatchObject({ results: [{ result: 'created' }] });
  await client.patch('organisation', { groupAttributes: 'department' });
  expect(await client.get('organisation')).toMatchObject({ groupAttributes: ['department'] });
});

test('the dates that ConvertTo-Json writes are instants', async () => {
  const texts = [
    String.raw`\/Date(${INSTANT_MS})\/`,
    String.raw`\/Date(${INSTANT_MS}+0100)\/`,
    String.raw`\/Date(${INSTANT_MS}-0930)\/`,
    `/Date(${INSTANT_MS})/`,
  ];
  for (const [n, text] of texts.entries()) {
    const json = JSON.stringify(event({ eventId: `e${n}`, timestamp: 'WHEN' })).replace('WHEN', text);
    expect(await codesOf('presence', `{"sourceId":"s","presenceEvents":${json}}`)).toEqual([0]);
  }
  const rows = await work.exported('presence');
  expect(rows.map(({ timestamp }) => timestamp)).toEqual(texts.map(() => INSTANT));
  const { placeId } = work.office;
  const place = { locationId: placeId, timestamp: `/Date(${INSTANT_MS})/` };
  const occupancyEvents = { ...place, eventId: 'o', locationType: 'place', occupied: true };
  expect(await codesOf('occupancy', { sourceId: 's', occupancyEvents })).toEqual([0]);
  const visitorArrivals = { ...place, eventId: 'v', visitorName: 'Vera' };
  expect(await codesOf('visitor-arrival', { sourceId: 's', visitorArrivals })).toEqual([0]);
});

test('a text that only resembles such a date is code 3', async () => {
  const wrong = [
    ...['/Date()/', '/Date(abc)/', `/Date(${INSTANT_MS}`, `Date(${INSTANT_MS})`, '/Date(1e12)/'],
    ...[`/Date(${INSTANT_MS}+2400)/`, `/Date(${INSTANT_MS}+1)/`, '/Date(-1)/', '/Date(999999999999999)/'],
  ];
  const presenceEvents = wrong.map((timestamp) => event({ timestamp }));
  expect(await codesOf('presence', { sourceId: 's', presenceEvents })).toEqual(wrong.map(() => 3));
});
