import { randomBytes, randomUUID } from 'node:crypto';
import type { LightMyRequestResponse } from 'fastify';
import { Value } from 'typebox/value';
import { afterAll, describe, expect, test } from 'vitest';
import type { App } from '../src/app.ts';
import { createSetUpLink } from '../src/auth/set-up.ts';
import { AUDIT_ACTIONS, type AuditAction } from '../src/http/audit/actions.ts';
import { PEOPLE_LISTS } from '../src/http/audit/people-lists.ts';
import { PERSON_LOOK_UPS, PERSON_VIEWS } from '../src/http/audit/person-views.ts';
import {
  AUDITED_CHANGES,
  AUDITED_READS,
  UNAUDITED_CHANGES,
  UNAUDITED_READS,
} from '../src/http/audit/routes.ts';
import { entriesOf } from './support/audit.ts';
import { answerOf, authenticatorOf, createdPasskey } from './support/authenticator.ts';
import { addOffice, addUser } from './support/directory.ts';
import { startOpenIdSite } from './support/openid.ts';
import { basic, startTestServer } from './support/server.ts';
import {
  browserOf,
  browserWithPassword,
  browserWithRole,
  linkFor,
  redeem,
  signIn,
} from './support/sessions.ts';
import { until } from './support/waiting.ts';

const site = await startOpenIdSite();
const { server, apps, tenantId, administrator } = site;
const { app, db } = server;
afterAll(() => site.close());

const READS = ['GET', 'HEAD', 'OPTIONS'];
// SCIM answers the methods that a path does not have by a 405 of its own.
const isRefusal = ({ url, schema }: (typeof app.routeTable)[number]) =>
  url.startsWith('/scim/v2') && schema?.hide === true;
const changes = app.routeTable
  .filter((route) => !isRefusal(route))
  .flatMap(({ method, url }) =>
    [method]
      .flat()
      .filter((each) => !READS.includes(each))
      .map((each) => `${each} ${url}`),
  );

test('every route that can change something has an entry, or a reason why it has none', () => {
  const known = [...Object.keys(AUDITED_CHANGES), ...Object.keys(UNAUDITED_CHANGES)];
  expect(changes.filter((each) => !known.includes(each))).toEqual([]);
  expect(known.filter((each) => !changes.includes(each))).toEqual([]);
  expect(new Set(known).size).toBe(known.length);
});

const office = await addOffice(db.owner, tenantId);
const { userId } = await addUser(db.owner, tenantId);
const email = 'ada@example.com';
const password = 'correct horse battery staple';
await browserWithRole(server, tenantId, 'administrator', email);

/** Calls a route as the administrator, and fails unless it succeeds. */
async function call(method: string, url: string, payload?: object | string, headers: object = administrator) {
  const type = typeof payload === 'string' ? { 'content-type': 'text/csv' } : {};
  const reply = await app.inject({
    method: method as 'POST',
    url,
    headers: { ...headers, ...type },
    ...(payload === undefined ? {} : { payload }),
  });
  expect(reply.statusCode, `${method} ${url}: ${reply.payload}`).toBeLessThan(300);
  return reply;
}

type Scenario = () => Promise<{ tenantId?: string; app?: App } | LightMyRequestResponse | undefined>;

const create = async (role = 'submitting-events') =>
  (await call('POST', '/v1/manage/keys', { name: 'door', role, authentication: 'basic' })).json().key.apiKey;
const invited = async () => {
  const address = `${randomBytes(4).toString('hex')}@example.com`;
  const reply = await call('POST', '/v1/manage/accounts', { email: address, role: 'viewer' });
  return reply.json().account.accountId as string;
};
const fresh = () => browserWithPassword(server, { email, password });

const csvKinds: { kind: string; template: string }[] = (
  await app.inject({ url: '/v1/manage/imports', headers: administrator })
).json().items;

const SCENARIOS: Record<string, Scenario> = {
  'POST /v1/session': async () => {
    await fresh();
    return signIn(server, { email, password });
  },
  'POST /v1/session/link': async () => redeem(server, { token: await linkFor(server, email) }),
  'POST /v1/session/passkey': async () => {
    const authenticator = await authenticatorOf(server, { email, credentialId: randomBytes(16) });
    const { credential, headers } = await answerOf(server, authenticator);
    return call('POST', '/v1/session/passkey', { credential }, headers);
  },
  'POST /v1/session/openid/return': async () => {
    await site.connected();
    return { app: apps.plain };
  },
  'PATCH /v1/session': async () => call('PATCH', '/v1/session', { name: 'Ada' }, await fresh()),
  'DELETE /v1/session': async () => call('DELETE', '/v1/session', undefined, await fresh()),
  'PUT /v1/session/password': async () =>
    call(
      'PUT',
      '/v1/session/password',
      { currentPassword: password, newPassword: 'another horse battery staple' },
      await fresh(),
    ),
  'DELETE /v1/session/sessions/:sessionId': async () => {
    const browser = await fresh();
    const [{ sessionId }] = (await app.inject({ url: '/v1/session/sessions', headers: browser })).json()
      .items;
    return call('DELETE', `/v1/session/sessions/${sessionId}`, undefined, browser);
  },
  'POST /v1/session/passkeys': async () => {
    const { payload, headers } = await createdPasskey(server, await fresh(), randomBytes(16));
    return call('POST', '/v1/session/passkeys', payload, headers);
  },
  'DELETE /v1/session/passkeys/:passkeyId': async () => {
    const browser = await fresh();
    const { payload, headers } = await createdPasskey(server, browser, randomBytes(16));
    const { passkeyId } = (await call('POST', '/v1/session/passkeys', payload, headers)).json();
    return call('DELETE', `/v1/session/passkeys/${passkeyId}`, undefined, browser);
  },
  'DELETE /v1/session/identities/:identityId': async () => {
    const { email: address } = await site.connected();
    await authenticatorOf(server, { email: address, credentialId: randomBytes(16) });
    const browser = browserOf(await redeem(server, { token: await linkFor(server, address) }));
    const list = await app.inject({ url: '/v1/session/identities', headers: browser });
    return call('DELETE', `/v1/session/identities/${list.json().items[0].identityId}`, undefined, browser);
  },
  'POST /v1/manage/accounts': async () => void (await invited()),
  'PATCH /v1/manage/accounts/:accountId': async () =>
    call('PATCH', `/v1/manage/accounts/${await invited()}`, { role: 'planner' }),
  'DELETE /v1/manage/accounts/:accountId': async () =>
    call('DELETE', `/v1/manage/accounts/${await invited()}`),
  'POST /v1/manage/accounts/:accountId/link': async () =>
    call('POST', `/v1/manage/accounts/${await invited()}/link`),
  'DELETE /v1/manage/accounts/:accountId/sessions': async () =>
    call('DELETE', `/v1/manage/accounts/${await invited()}/sessions`),
  'POST /v1/manage/keys': async () => void (await create()),
  'PATCH /v1/manage/keys/:apiKey': async () =>
    call('PATCH', `/v1/manage/keys/${await create()}`, { networks: ['127.0.0.1'] }),
  'POST /v1/manage/keys/:apiKey/secret': async () =>
    call('POST', `/v1/manage/keys/${await create()}/secret`, {}),
  'DELETE /v1/manage/keys/:apiKey': async () => call('DELETE', `/v1/manage/keys/${await create()}`),
  'POST /v1/manage/scim-tokens': async () => call('POST', '/v1/manage/scim-tokens', { name: 'okta' }),
  'DELETE /v1/manage/scim-tokens/:tokenId': async () => {
    const { scimToken } = (await call('POST', '/v1/manage/scim-tokens', { name: 'okta' })).json();
    return call('DELETE', `/v1/manage/scim-tokens/${scimToken.tokenId}`);
  },
  'POST /v1/manage/refused-events/retry': async () => {
    const { apiKey, secret } = await server.key(tenantId);
    const refused = { eventId: '1', timestamp: '2026-03-10T09:00:00Z', locationType: 'location' };
    await call(
      'POST',
      '/v1/presence/basic',
      {
        sourceId: 'door',
        presenceEvents: [{ ...refused, userId: randomUUID(), locationId: office.locationId }],
      },
      { authorization: basic({ apiKey, secret }) },
    );
    return call('POST', '/v1/manage/refused-events/retry', {});
  },
  'PATCH /v1/manage/retention': () => call('PATCH', '/v1/manage/retention', { visitors: 'P1M' }),
  'POST /v1/manage/visitors/erasure': () =>
    call('POST', '/v1/manage/visitors/erasure', { email: 'vera@example.com' }),
  'POST /v1/manage/visitors/export': async () => {
    const entries = async () =>
      (await entriesOf(server, tenantId)).filter((entry) => entry.action === 'visitor.exported');
    await call('POST', '/v1/manage/visitors/export', { email: 'vera@example.com' });
    // The entry says whether the client has all of it, so it comes after the answer.
    await until(async () => (await entries()).length > 0);
    return undefined;
  },
  'POST /v1/manage/users/:userId/erasure': async () => {
    const userId = randomUUID();
    await call('POST', '/v1/manage/users', { items: [{ userId, userName: `${userId}@example.com` }] });
    return call('POST', `/v1/manage/users/${userId}/erasure`);
  },
  'PATCH /v1/manage/organisation': async () => call('PATCH', '/v1/manage/organisation', { name: 'Acme' }),
  'PATCH /v1/manage/locations/:locationId/settings': async () =>
    call('PATCH', `/v1/manage/locations/${office.locationId}/settings`, { horizonDays: 20 }),
  'POST /v1/manage/office-settings': async () =>
    call('POST', '/v1/manage/office-settings', {
      items: [{ locationId: office.locationId, horizonDays: 21 }],
    }),
  'PUT /v1/manage/provisioning': async () => call('PUT', '/v1/manage/provisioning', { groupType: 'team' }),
  ...Object.fromEntries(
    ['', '/basic'].flatMap((suffix) => {
      const headers = async () =>
        suffix === '' ? administrator : { authorization: basic(await server.key(tenantId)) };
      return [
        [
          `PUT /v1/directory-management/group-relationships${suffix}`,
          async () =>
            call(
              'PUT',
              `/v1/directory-management/group-relationships${suffix}`,
              { groupRelationships: [] },
              await headers(),
            ),
        ],
        [
          `POST /v1/directory-management/user-attributes${suffix}`,
          async () =>
            call(
              'POST',
              `/v1/directory-management/user-attributes${suffix}`,
              { userAttributes: [] },
              await headers(),
            ),
        ],
      ];
    }),
  ),
  ...Object.fromEntries(
    csvKinds.map(({ kind, template }) => [
      `POST /v1/manage/imports/${kind}`,
      () => call('POST', `/v1/manage/imports/${kind}`, template),
    ]),
  ),
  ...Object.fromEntries(
    (
      [
        ['locations', 'locationId', { locationName: 'New', timeZone: 'UTC' }],
        ['levels', 'levelId', { levelName: 'New', locationId: office.locationId }],
        ['zones', 'zoneId', { zoneName: 'New', levelId: office.levelId }],
        ['desks', 'deskId', { deskName: 'New', zoneId: office.zoneId }],
        ['spaces', 'spaceId', { spaceName: 'New', levelId: office.levelId }],
        ['users', 'userId', { userName: 'new@example.com' }],
      ] as const
    ).flatMap(([path, member, item]) => {
      const post = () => call('POST', `/v1/manage/${path}`, { items: [item] });
      const change = path === 'users' ? { firstName: 'Ada' } : { [Object.keys(item)[0] ?? '']: 'Newer' };
      return [
        [`POST /v1/manage/${path}`, post],
        [
          `PATCH /v1/manage/${path}/:${member}`,
          async () => {
            const [{ id, message }] = (await post()).json().results;
            expect(id, message).not.toBeNull();
            return call('PATCH', `/v1/manage/${path}/${id}`, change);
          },
        ],
      ];
    }),
  ),
};

/** Week plans that differ from each other, so that each one is a change. */
let weeks = 0;
const nextWeek = () => ({ weekPlan: { [['monday', 'tuesday'][weeks++ % 2] ?? '']: { plan: 'r' } } });
const { placeId: deskId } = office;
SCENARIOS['PUT /v1/manage/users/:userId/week-plan'] = () =>
  call('PUT', `/v1/manage/users/${userId}/week-plan`, nextWeek());
SCENARIOS['POST /v1/manage/week-plans'] = () =>
  call('POST', '/v1/manage/week-plans', { items: [{ userId, ...nextWeek() }] });
const assign = () => call('PUT', `/v1/manage/desks/${deskId}/assignment`, { userId });
const unassign = () => call('DELETE', `/v1/manage/desks/${deskId}/assignment`);
SCENARIOS['POST /v1/manage/desk-assignments'] = async () => {
  await unassign();
  return call('POST', '/v1/manage/desk-assignments', { items: [{ deskId, userId }] });
};
SCENARIOS['PUT /v1/manage/desks/:deskId/assignment'] = async () => {
  await unassign();
  return assign();
};
SCENARIOS['DELETE /v1/manage/desks/:deskId/assignment'] = async () => {
  await assign();
  return unassign();
};

/** A server that is not set up yet has nothing in common with the others. */
SCENARIOS['POST /v1/set-up'] = async () => {
  const other = await startTestServer();
  try {
    const link = await createSetUpLink(other.db.owner, other.clock.nowMs);
    const reply = await other.app.inject({
      method: 'POST',
      url: '/v1/set-up',
      headers: { 'sec-fetch-site': 'same-origin' },
      payload: { token: link?.token, organisationName: 'New', timeZone: 'UTC', email, password },
    });
    expect(reply.statusCode, reply.payload).toBe(200);
    const headers = browserOf(reply);
    const rows = (await other.app.inject({ url: '/v1/session', headers })).json();
    expect(rows.organisations).toHaveLength(1);
    const { rows: entries } = await other.db.owner.inSystem((tx) =>
      tx.query<{ tenantId: string }>('SELECT tenant_id AS "tenantId" FROM organisations'),
    );
    const actions = (await entriesOf(other, entries[0]?.tenantId ?? '')).map(({ action }) => action);
    expect(actions).toEqual(['organisation.set-up', 'session.begun']);
  } finally {
    await other.close();
  }
  return undefined;
};

describe.each(Object.entries(AUDITED_CHANGES))('%s', (operation, action) => {
  test(`has an entry ${action}, which has the metadata of its action`, async () => {
    const scenario = SCENARIOS[operation] ?? expect.fail('no scenario');
    const before = (await entriesOf(server, tenantId)).map(({ entryId }) => entryId);
    const { app: own = app } = ((await scenario()) ?? {}) as { app?: App };
    if (operation === 'POST /v1/set-up') return;
    const added = (await entriesOf({ db, app: own }, tenantId)).filter(
      ({ entryId }) => !before.includes(entryId),
    );
    expect(added.map((entry) => entry.action)).toContain(action);
    for (const entry of added) {
      const { metadata, version } = AUDIT_ACTIONS[entry.action as AuditAction];
      expect([...Value.Errors(metadata, entry.metadata)]).toEqual([]);
      expect(entry.version).toBe(version);
      expect(JSON.stringify([entry.metadata, entry.context])).not.toContain('@example.com');
    }
  });
});

test('every route that shows one person notes the look', async () => {
  const shown = app.routeTable
    .filter(
      ({ method, url }) =>
        [method].flat().includes('GET') &&
        (url.includes('/users/:userId') || url === '/scim/v2/Users/:id') &&
        !url.endsWith('/export'),
    )
    .map(({ url }) => `GET ${url}`);
  expect(Object.keys(PERSON_VIEWS).toSorted()).toEqual([...new Set(shown)].toSorted());
});

/** Members that say who somebody is. */
const OF_PEOPLE = /^(userId|userName|userEmail|email|emails|displayName|firstName|visitorName|actorName)$/;

/** The names of all members in a schema of `/openapi.json`. */
function membersIn(schema: unknown, schemas: Record<string, unknown>, seen = new Set<unknown>()): string[] {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return [];
  seen.add(schema);
  const { $ref, properties = {} } = schema as { $ref?: string; properties?: object };
  const referenced = $ref === undefined ? [] : [schemas[$ref.replace('#/components/schemas/', '')]];
  return [
    ...Object.keys(properties),
    ...[...Object.values(schema), ...referenced].flatMap((each) => membersIn(each, schemas, seen)),
  ];
}

test('every route that answers with people has entries, or a reason why it has none', async () => {
  const { paths, components = {} } = (await app.inject({ url: '/openapi.json' })).json();
  const shown = Object.entries<{ get?: { responses?: Record<string, unknown> } }>(paths).flatMap(
    ([path, { get }]) => {
      const members = membersIn(get?.responses?.['200'], components.schemas ?? {});
      const operation = `GET ${path.replace(/\{(\w+)\}/g, ':$1')}`;
      return members.some((name) => OF_PEOPLE.test(name)) ? [operation] : [];
    },
  );
  // Datasets have an entry for each answer (audit.test.ts).
  const known = [PERSON_VIEWS, PEOPLE_LISTS, AUDITED_READS, UNAUDITED_READS].flatMap(Object.keys);
  expect(shown.filter((each) => !known.includes(each) && !each.startsWith('GET /v1/analytics/'))).toEqual([]);
  expect(Object.keys(UNAUDITED_READS).filter((each) => !shown.includes(each))).toEqual([]);
});

test('every list in which a parameter selects or finds one person notes the look', async () => {
  const { paths } = (await app.inject({ url: '/openapi.json' })).json();
  interface List {
    parameters?: { in: string; name: string }[];
  }
  const listsBy = (names: readonly string[]) =>
    Object.entries<{ get?: List }>(paths).flatMap(([path, { get }]) => {
      const inQuery = (get?.parameters ?? []).filter((each) => each.in === 'query').map(({ name }) => name);
      const selecting = inQuery.filter((name) => names.includes(name));
      return selecting.length > 0 ? [{ operation: `GET ${path}`, selecting }] : [];
    });
  const selections = listsBy(['userId', 'userName', 'email', 'card']).map(({ operation, selecting }) => [
    operation,
    selecting.toSorted(),
  ]);
  expect(Object.fromEntries(selections)).toEqual(
    Object.fromEntries(Object.entries(PERSON_LOOK_UPS).map(([url, by]) => [url, by.toSorted()])),
  );
  const scim = app.routeTable
    .filter((route) => /^\/scim\/v2\/(Users|Groups)(\/\.search|\/:id)?$/.test(route.url) && !isRefusal(route))
    .flatMap(({ method, url }) => [method].flat().map((each) => `${each} ${url}`));
  const reading = scim.filter((each) => each.startsWith('GET ') || each.endsWith('/.search'));
  const known = Object.keys({ ...PERSON_VIEWS, ...PEOPLE_LISTS });
  expect(known.filter((each) => each.includes('/scim/')).toSorted()).toEqual(reading.toSorted());
  expect(known).toEqual(expect.arrayContaining(Object.keys(PERSON_LOOK_UPS)));
});
