import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { moveToPseudonyms } from '../src/store/privacy/pseudonyms.ts';
import { seeingAll } from './support/backup.ts';
import { Consumer, facts } from './support/consumer.ts';
import { addOffice } from './support/directory.ts';
import { runErasures } from './support/erasing.ts';
import { untilWaiting } from './support/locks.ts';
import { type ManageClient, manageClient } from './support/manage.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let client: ManageClient;
let colleagueId: string;
let locationId: string;
beforeAll(async () => {
  server = await startTestServer();
  client = await manageClient(server);
  ({ locationId } = await addOffice(server.db.owner, client.tenantId));
  colleagueId = await client.make('users', { userName: 'colleague@example.com' });
});
afterAll(() => server.close());

interface Kept {
  attributes: number[];
  descriptions: number[];
  refused: number[];
  visitors: number[];
  authors: number[];
}

/**
 * Erases a person of a name after each text was put into an attribute of a colleague, into the action log, into a refused
 * event, and into the company of a visitor. Returns the indexes of the texts that are still there.
 */
async function keptAfter(
  person: {
    userName?: string;
    firstName?: string;
    lastName?: string;
    displayName?: string;
    externalId?: string;
    employeeNumber?: string;
  },
  texts: string[],
  authors: string[] = [],
): Promise<Kept> {
  const { tenantId } = client;
  const { employeeNumber, externalId, displayName, ...names } = person;
  const userId = await client.make('users', { userName: `${randomUUID()}@example.com`, ...names });
  await seeingAll(server.db.target, async (sql) => {
    await sql.query(
      `UPDATE users SET external_id = $3, attributes = $4, display_name = $5 WHERE tenant_id = $1 AND user_id = $2`,
      [
        ...[tenantId, userId, externalId ?? null],
        ...[employeeNumber === undefined ? {} : { employeeNumber }, displayName ?? null],
      ],
    );
    await sql.query('DELETE FROM action_log WHERE tenant_id = $1', [tenantId]);
    await sql.query('UPDATE users SET attributes = $3 WHERE tenant_id = $1 AND user_id = $2', [
      tenantId,
      colleagueId,
      Object.fromEntries(texts.map((text, index) => [`a${index}`, text])),
    ]);
    for (const [index, text] of texts.entries()) {
      await sql.query(
        `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by,
           reason, changed_by_name)
         VALUES ($1, '2026-03-09T09:00:00Z', gen_random_uuid(), gen_random_uuid(), $2, '2026-03-12', 'plan', 'changed', $3, 'admin', $4, $5)`,
        [tenantId, colleagueId, text, String(index), authors[index] ?? null],
      );
      await sql.query(
        `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, sender, api_key_folded, endpoint, cause, reason, event)
         VALUES ($1, '2026-03-09T09:00:00Z', gen_random_uuid(), 'key', 'k', 'presence', 'unknownUser', $2, $3)`,
        [tenantId, String(index), JSON.stringify({ note: text })],
      );
      await arriveAs(sql, { visitorName: 'Guest', visitorCompany: text, eventId: String(index) });
    }
  });
  const reply = await client.send('POST', `users/${userId}/erasure`);
  expect(reply.statusCode, reply.body).toBe(202);
  await runErasures(server);
  return seeingAll(server.db.target, async (sql) => {
    const numbers = async (query: string, values: string[]) =>
      (await sql.query<{ index: number }>(query, values)).rows.map(({ index }) => index);
    const kept = {
      attributes: await numbers(
        `SELECT substr(k, 2)::integer AS index FROM users, jsonb_object_keys(attributes) AS k
         WHERE tenant_id = $1 AND user_id = $2 ORDER BY 1`,
        [tenantId, colleagueId],
      ),
      descriptions: await numbers(
        'SELECT reason::integer AS index FROM action_log WHERE tenant_id = $1 AND reason IS NOT NULL ORDER BY 1',
        [tenantId],
      ),
      authors: await numbers(
        'SELECT reason::integer AS index FROM action_log WHERE tenant_id = $1 AND changed_by_name IS NOT NULL ORDER BY 1',
        [tenantId],
      ),
      refused: await numbers(
        'SELECT reason::integer AS index FROM refused_events WHERE tenant_id = $1 ORDER BY 1',
        [tenantId],
      ),
      visitors: await numbers(
        'SELECT event_id::integer AS index FROM visitor_arrivals WHERE tenant_id = $1 AND visitor_company IS NOT NULL ORDER BY 1',
        [tenantId],
      ),
    };
    await sql.query('DELETE FROM refused_events WHERE tenant_id = $1', [tenantId]);
    await sql.query('DELETE FROM visitor_arrivals WHERE tenant_id = $1', [tenantId]);
    return kept;
  });
}
const allOf = (kept: number[]): Kept => ({
  attributes: kept,
  descriptions: kept,
  refused: kept,
  visitors: kept,
  authors: [],
});

interface Arrival {
  visitorName: string;
  visitorCompany?: string;
  visitorEmail?: string;
  eventId: string;
}

async function arriveAs(sql: pg.Client, arrival: Arrival): Promise<void> {
  await sql.query(
    `INSERT INTO visitor_arrivals (tenant_id, observed_at, event_digest, day, location_id, node_id, received_at, source_id, event_id,
       visitor_name, visitor_company, visitor_email)
     VALUES ($1, '2026-03-09T09:00:00Z', gen_random_uuid(), '2026-03-09', $2, $2, now(), 'lobby', $3, $4, $5, $6)`,
    [
      client.tenantId,
      locationId,
      arrival.eventId,
      arrival.visitorName,
      arrival.visitorCompany ?? null,
      arrival.visitorEmail ?? null,
    ],
  );
}

describe('the erasure of a person finds the name in longer texts', () => {
  test('only as whole words: a colleague whose name contains it keeps the texts', async () => {
    const texts = [
      'reports to Joann Lee',
      'Ann Leeds',
      'Ann Lee2',
      'ÉAnn Lee',
      'Ann Lee\u0301',
      'reports to Ann Lee, and others',
      '(ann lee)',
      'Joann Lee and ANN LEE',
      'Ann Lee',
      'ask_Ann Lee_first',
    ];
    expect(await keptAfter({ firstName: 'Ann', lastName: 'Lee' }, texts)).toEqual(allOf([0, 1, 2, 3, 4]));
  });

  test('in the order of lists, and with several blanks', async () => {
    const person = { firstName: 'Ada', lastName: 'King Lovelace' };
    const texts = [
      'king lovelace, Ada (absent)',
      'King Lovelace Ada',
      'KING LOVELACE,Ada',
      'ADA  KING \t LOVELACE',
      'ask Ada\nKing Lovelace',
      'Ada, King Lovelace',
      'King Lovelace; Ada',
      'King Lovelace',
      'King Lovelace, Adam',
    ];
    expect(await keptAfter(person, texts)).toEqual(allOf([5, 6, 7, 8]));
  });

  test('in the order of lists by the displayed name alone, by a comma or by the last word', async () => {
    const texts = ['Lovelace, Ada K.', 'lovelace ada k.', 'Ada K. Lovelace', 'K. Lovelace, Ada'];
    expect(await keptAfter({ displayName: 'Ada K. Lovelace' }, texts)).toEqual(allOf([3]));
    expect(await keptAfter({ displayName: 'Lovelace, Ada K.' }, texts)).toEqual(allOf([3]));
  });

  test('as the author of a change', async () => {
    const texts = ['one', 'two', 'three', 'four'];
    const authors = ['Lovelace, Ada', 'ada   lovelace', 'Lovelace Ada', 'Adam Lovelace'];
    expect((await keptAfter({ firstName: 'Ada', lastName: 'Lovelace' }, texts, authors)).authors).toEqual([
      3,
    ]);
  });

  test('in scripts without spaces also between other characters', async () => {
    const texts = ['担当は太郎 山田です', '担当は別人です', '田中 太郎'];
    expect(await keptAfter({ firstName: '太郎', lastName: '山田' }, texts)).toEqual(allOf([1, 2]));
    const joined = ['担当は山田太郎です', '山田 太郎', '山田 一太郎'];
    expect(await keptAfter({ firstName: '太郎', lastName: '山田' }, joined)).toEqual(allOf([2]));
    const thai = ['ผู้จัดการสมชาย ใจดีครับ', 'ผู้จัดการ'];
    expect(await keptAfter({ firstName: 'สมชาย', lastName: 'ใจดี' }, thai)).toEqual(allOf([1]));
  });

  test('in other scripts than their own, and with characters beyond the first plane', async () => {
    const texts = ['担当Ann Leeです', '𝒜Ann Lee', '𠮷Ann Lee𠮷', '🙂Ann Lee🙂'];
    expect(await keptAfter({ firstName: 'Ann', lastName: 'Lee' }, texts)).toEqual(allOf([1]));
  });
});

test('the erasure of a person finds user name, employee number and external id of six characters as whole words', async () => {
  const person = { userName: 'alovelace', employeeNumber: 'E-4711', externalId: 'okta-ada' };
  const texts = [
    'asked ALovelace for it',
    'alovelace2 did it',
    'of number e-4711.',
    'of number e-47112',
    'see okta-ada',
    'see okta-adam',
  ];
  expect(await keptAfter(person, texts)).toEqual(allOf([1, 3, 5]));
});

test('the erasure of a person does not look for shorter ones, which may be words or numbers of rooms', async () => {
  const person = { userName: 'alice', employeeNumber: '4711', externalId: 'ada-1' };
  expect(await keptAfter(person, ['asked alice', 'room 4711', 'see ada-1'])).toEqual(allOf([0, 1, 2]));
});

test('the erasure of a person deletes refused events in slices: the first ones are gone while a later one is locked', async () => {
  const { tenantId } = client;
  const userId = await client.make('users', { userName: `${randomUUID()}@example.com` });
  await seeingAll(server.db.target, async (holder) => {
    await holder.query(
      `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, sender, api_key_folded, endpoint, cause, reason, event)
       SELECT $1, now() + n * interval '1 ms', gen_random_uuid(), 'key', 'k', 'presence', 'unknownNode', 'many-' || n, $2
       FROM generate_series(1, 250) AS n`,
      [tenantId, JSON.stringify({ userId })],
    );
    const left = async () =>
      (
        await holder.query<{ reason: string }>("SELECT reason FROM refused_events WHERE reason LIKE 'many%'")
      ).rows.map(({ reason }) => reason);
    await client.send('POST', `users/${userId}/erasure`);
    await holder.query("BEGIN; SELECT FROM refused_events WHERE reason = 'many-250' FOR UPDATE");
    const erasing = runErasures(server);
    await untilWaiting(server.db.target, 1);
    const meanwhile = await left();
    await holder.query('COMMIT');
    await erasing;
    expect(meanwhile).toContain('many-250');
    expect(meanwhile.length).toBeLessThan(250);
    expect(await left()).toEqual([]);
  });
});

describe('the erasure of a person finds arrivals of visitors', () => {
  const arrivals: Arrival[] = [
    { eventId: 'guest', visitorName: 'Guest of Ada Lovelace' },
    { eventId: 'company', visitorName: 'Grace', visitorCompany: 'c/o ADA.L@example.com' },
    { eventId: 'name', visitorName: 'ada lovelace', visitorCompany: 'Engines' },
    { eventId: 'word', visitorName: 'Countess', visitorEmail: 'other@example.com' },
    { eventId: 'address', visitorName: 'A.', visitorEmail: 'ADA.L@example.com' },
    { eventId: 'longer', visitorName: 'Guest of the Countess' },
    { eventId: 'other', visitorName: 'Ada Lovelacey', visitorEmail: 'ada.lov@example.com' },
  ];

  test('by a text that names the person, by the whole name, and by the address: the dry run counts them, and copies forget them', async () => {
    const userId = await client.make('users', {
      ...{ userName: 'ada.l@example.com', firstName: 'Ada', lastName: 'Lovelace' },
    });
    await seeingAll(server.db.target, async (sql) => {
      await sql.query("UPDATE users SET display_name = 'Countess' WHERE user_id = $1", [userId]);
      for (const arrival of arrivals) await arriveAs(sql, arrival);
    });
    const copy = new Consumer(server, await server.key(client.tenantId), 'visitors');
    await copy.load();
    const { categories } = await client.get(`users/${userId}/erasure`);
    expect((categories as { name: string }[]).find(({ name }) => name === 'visits')).toMatchObject({
      rows: 5,
    });
    await client.send('POST', `users/${userId}/erasure`);
    await runErasures(server);
    expect(await client.get(`users/${userId}/erasure`)).toMatchObject({ erasure: { rows: { visits: 5 } } });
    await copy.follow();
    expect(facts(copy.rows())).toEqual(facts(await copy.exported()));
    const byName = copy
      .rows()
      .map(({ visitorName, visitorEmail, visitorCompany }) => [
        ...[visitorName, visitorEmail, visitorCompany],
      ]);
    expect(byName.toSorted()).toEqual([
      ['Ada Lovelacey', 'ada.lov@example.com', null],
      ...Array(5).fill(['Erased visitor', null, null]),
      ['Guest of the Countess', null, null],
    ]);
  });
});

test('the erasure of a person deletes refused events whose visitor has a name of the person as the whole name', async () => {
  const { tenantId } = client;
  const userId = await client.make('users', { userName: `${randomUUID()}@example.com` });
  await seeingAll(server.db.target, async (sql) => {
    await sql.query("UPDATE users SET display_name = 'Countess' WHERE user_id = $1", [userId]);
    await sql.query('DELETE FROM refused_events WHERE tenant_id = $1', [tenantId]);
    for (const visitorName of ['COUNTESS ', 'Countess Bathory'])
      await sql.query(
        `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, sender, api_key_folded, endpoint, cause, reason, event)
         VALUES ($1, now(), gen_random_uuid(), 'key', 'k', 'visitor-arrival', 'unknownNode', 'r', $2)`,
        [tenantId, JSON.stringify({ visitorName })],
      );
    await client.send('POST', `users/${userId}/erasure`);
    await runErasures(server);
    const { rows } = await sql.query('SELECT event FROM refused_events WHERE tenant_id = $1', [tenantId]);
    expect(rows.map(({ event }) => JSON.parse(event))).toEqual([{ visitorName: 'Countess Bathory' }]);
  });
});

test('the count before an erasure has the rows that the erasure then reports, and those under a pseudonym beside them', async () => {
  const { tenantId } = client;
  const userId = await client.make('users', {
    ...{ userName: 'grace.h@example.com', firstName: 'Grace', lastName: 'Hopper' },
  });
  const days = ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05'];
  await seeingAll(server.db.target, async (sql) => {
    await sql.query(
      `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, received_at, event_id, source_id)
       SELECT $1, d + interval '9 hours', gen_random_uuid(), d, $2, $3, $3, now(), 'e', 'door' FROM unnest($4::date[]) AS d`,
      [tenantId, userId, locationId, days],
    );
    for (const [about, text, author] of [
      [colleagueId, 'asked Hopper, Grace', null],
      [colleagueId, 'none', 'Hopper, Grace'],
      [colleagueId, 'none', 'Grace Hopperly'],
      [userId, 'none', 'Grace Hopper'],
    ]) {
      await sql.query(
        `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by, changed_by_name)
         VALUES ($1, '2026-03-09T09:00:00Z', gen_random_uuid(), gen_random_uuid(), $2, '2026-03-12', 'plan', 'changed', $3, 'admin', $4)`,
        [tenantId, about, text, author],
      );
    }
    for (const event of [
      { note: 'for Grace Hopper' },
      { username: 'grace.h@example.com' },
      { note: 'Grace' },
    ]) {
      await sql.query(
        `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, sender, api_key_folded, endpoint, cause, reason, event)
         VALUES ($1, '2026-03-09T09:00:00Z', gen_random_uuid(), 'key', 'k', 'presence', 'unknownUser', 'none', $2)`,
        [tenantId, JSON.stringify(event)],
      );
    }
  });
  await server.db.owner.inTenant(tenantId, (tx) =>
    moveToPseudonyms(tx, tenantId, [userId], days.slice(0, 3)),
  );
  const { categories } = await client.get(`users/${userId}/erasure`);
  const held = Object.fromEntries(
    (categories as Record<string, unknown>[]).map(({ name, rows, pseudonymRows }) => [
      name,
      { rows, pseudonymRows },
    ]),
  );
  expect(held).toMatchObject({
    presence: { rows: 1, pseudonymRows: 3 },
    changes: { rows: 1, pseudonymRows: 0 },
    'changes-of-others': { rows: 2, pseudonymRows: 0 },
    'refused-events': { rows: 2, pseudonymRows: 0 },
  });
  await client.send('POST', `users/${userId}/erasure`);
  await runErasures(server);
  expect(await client.get(`users/${userId}/erasure`)).toMatchObject({
    erasure: { rows: { presence: 1, changes: 1, 'changes-of-others': 2, 'refused-events': 2 } },
  });
});
