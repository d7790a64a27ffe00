import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cardDigest } from '../src/ingest/cards.ts';
import { upsertAccessCredentials } from '../src/store/directory/access-credentials.ts';
import { listMigrations, migrate } from '../src/store/schema/migrate.ts';
import { cardTextDigest, digest } from '../src/store/values/digest.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';
import { addUser, type TestUser } from './support/directory.ts';

let db: TestDatabase;
let tenantId: string;
let ada: TestUser;
let bob: TestUser;
let gone: TestUser;

interface Stored {
  cardNumber: string;
  facilityCode?: string;
  user?: TestUser;
  active?: boolean;
  scanData?: string[];
  updatedAt?: string;
}

/** Writes a card like earlier releases, which made digests of the texts as sent. */
async function store({ facilityCode = '', user = ada, active = true, scanData = [], ...card }: Stored) {
  const key = digest([facilityCode, card.cardNumber]);
  await db.owner.inTenant(tenantId, (tx) =>
    upsertAccessCredentials(tx, tenantId, {
      updatedAt: new Date(card.updatedAt ?? '2026-03-10T12:00:00Z'),
      rows: [
        {
          ...{ cardDigest: key, cardNumberDigest: digest([card.cardNumber]), facilityCode },
          ...{ cardNumber: card.cardNumber, userId: user.userId, active, credentialType: 'badge' },
          scans: scanData.map((text) => ({ scanDigest: digest([text]), scanData: text })),
        },
      ],
    }),
  );
}

const HOSTILE = [
  'a"b\\c',
  'tab\tand\nline\u0001\u007f',
  'Zürich \u{1F600}',
  '12:345',
  '1234 5678',
  ' ab CD ',
  'ab: cd',
];
const TEXTS = [
  ...HOSTILE,
  ...fc.sample(fc.string({ unit: fc.constantFrom(...'09aAfFgG: \t"é'), minLength: 1, maxLength: 8 }), 150),
];

beforeAll(async () => {
  db = await createTestDatabase({ migrated: false });
  const names = await listMigrations();
  const before = names[names.findIndex((name) => name.startsWith('0025')) - 1] as string;
  await migrate(db.target, { upTo: before });
  tenantId = await createTestOrganisation(db.owner);
  ada = await addUser(db.owner, tenantId);
  bob = await addUser(db.owner, tenantId);
  gone = await addUser(db.owner, tenantId, { status: 'inactive' });

  await store({ cardNumber: '51:E6:96:21', scanData: ['AA BB', 'aabb', 'plain'] });
  // One card of one user in two spellings.
  await store({ cardNumber: 'AB CD', scanData: ['first'] });
  await store({ cardNumber: 'abcd', scanData: ['second', 'FIRST'], updatedAt: '2026-03-11T12:00:00Z' });
  // Cards of two users. One card is active for one of them. The other is active for both, and the later write wins.
  await store({ cardNumber: 'FF:01', user: gone, updatedAt: '2026-03-12T12:00:00Z', scanData: ['gone'] });
  await store({ cardNumber: 'ff01', user: bob, scanData: ['bob'] });
  await store({ cardNumber: 'ee02', user: ada });
  await store({ cardNumber: 'EE 02', user: bob, updatedAt: '2026-03-11T12:00:00Z' });
  // Different cards: another facility code, and leading zeros.
  await store({ cardNumber: 'AB CD', facilityCode: '7' });
  await store({ cardNumber: '00abcd' });
  for (const [n, text] of TEXTS.entries()) {
    await store({ cardNumber: text, facilityCode: `${text} ${n}`, scanData: [text] });
  }
  await migrate(db.target);
});
afterAll(() => db.drop());

interface Row {
  digest: string;
  numberDigest: string;
  facilityCode: string;
  cardNumber: string;
  userId: string;
  scans: Record<string, string> | null;
}

async function storedRows(): Promise<Row[]> {
  const { rows } = await db.owner.inTenant(tenantId, (tx) =>
    tx.query<Row>(
      `SELECT card_digest AS digest, card_number_digest AS "numberDigest", facility_code AS "facilityCode",
              card_number AS "cardNumber", user_id AS "userId",
              (SELECT json_object_agg(s.scan_data, s.scan_digest) FROM access_credential_scans s
               WHERE s.tenant_id = c.tenant_id AND s.card_digest = c.card_digest) AS scans
       FROM access_credentials c WHERE c.tenant_id = $1`,
      [tenantId],
    ),
  );
  return rows;
}

test('the digests of this release find the stored cards', async () => {
  const rows = await storedRows();
  expect(rows.filter(({ facilityCode }) => / \d+$/.test(facilityCode))).toHaveLength(TEXTS.length);
  for (const row of rows) {
    expect([row.cardNumber, row.digest]).toEqual([row.cardNumber, cardDigest(row)]);
    expect([row.cardNumber, row.numberDigest]).toEqual([row.cardNumber, cardTextDigest(row.cardNumber)]);
    for (const [text, scanDigest] of Object.entries(row.scans ?? {})) {
      expect([text, scanDigest]).toEqual([text, cardTextDigest(text)]);
    }
  }
});

test('spellings of one card become one card, of the user for whom it is active, or who got it last', async () => {
  const cards = Object.fromEntries(
    (await storedRows())
      .filter(({ facilityCode }) => !/ \d+$/.test(facilityCode))
      .map(({ facilityCode, cardNumber, userId, scans }) => {
        const holder = { [ada.userId]: 'ada', [bob.userId]: 'bob' }[userId];
        return [`${facilityCode}/${cardNumber}`, [holder, ...Object.keys(scans ?? {}).toSorted()]];
      }),
  );
  expect(cards).toEqual({
    '/51:E6:96:21': ['ada', 'AA BB', 'plain'],
    '/abcd': ['ada', 'FIRST', 'first', 'second'],
    '/ff01': ['bob', 'bob'],
    '/EE 02': ['bob'],
    '7/AB CD': ['ada'],
    '/00abcd': ['ada'],
  });
});

test('servers drop their directory caches, and rows stay hidden from other organisations', async () => {
  const { rows } = await db.owner.inTenant(tenantId, (tx) =>
    tx.query<{ changes: string }>(
      'SELECT sum(changes) AS changes FROM directory_versions WHERE tenant_id = $1',
      [tenantId],
    ),
  );
  expect(Number(rows[0]?.changes)).toBeGreaterThan(TEXTS.length);
  const other = await db.restricted.inTenant(randomUUID(), (tx) =>
    tx.query('SELECT FROM access_credentials'),
  );
  expect(other.rows).toEqual([]);
});
