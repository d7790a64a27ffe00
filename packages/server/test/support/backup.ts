import { randomBytes } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import pg from 'pg';
import { inject } from 'vitest';
import { type BackupOptions, type BackupSummary, backup } from '../../src/store/backup/backup.ts';
import { columnList, listTables, qualified } from '../../src/store/backup/tables.ts';
import type { DatabaseTarget } from '../../src/store/connections/db.ts';
import { accountRows } from './backup-accounts.ts';
import { auditRows } from './backup-audit.ts';
import { erasureRows } from './backup-erasures.ts';
import { floorRows } from './backup-floor.ts';
import { groupRows, groupUseRows } from './backup-groups.ts';
import { scimTokenRows } from './backup-scim-tokens.ts';
import { submittedRows } from './backup-submissions.ts';
import { userEmailRows } from './backup-user-emails.ts';
import { asAdmin, createTestDatabase } from './database.ts';

export const MASTER_KEY = Buffer.from(
  '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff',
  'hex',
);
export const CREATED_AT = new Date('2026-05-04T03:02:01.000Z');

/** A database whose owner is an ordinary role, which may neither bypass policies nor create roles. */
export async function createPlainlyOwnedDatabase(): Promise<{
  target: DatabaseTarget;
  drop(): Promise<void>;
}> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await asAdmin(async (client) => {
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    await client.query(`CREATE DATABASE ${name} OWNER ${name}`);
  });
  return {
    target: { ...inject('adminTarget'), user: name, password, database: name } as DatabaseTarget,
    drop: () =>
      asAdmin(async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        await client.query(`DROP ROLE ${name}`);
      }),
  };
}

/** An empty database of the role that the product connects as. */
export async function createEmptyDatabase(): Promise<{ target: DatabaseTarget; drop(): Promise<void> }> {
  const { target, drop } = await createTestDatabase({ migrated: false });
  return { target, drop };
}

/** An empty database with a superuser's connection, to which no policy applies. */
export async function createSuperusersDatabase(): Promise<{ target: DatabaseTarget; drop(): Promise<void> }> {
  const { target, drop } = await createTestDatabase({ migrated: false });
  return { target: { ...inject('adminTarget'), database: target.database } as DatabaseTarget, drop };
}

/** Runs `work` as the administrator in the database of `target`. No policy hides rows. */
export async function seeingAll<T>(
  target: DatabaseTarget,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...inject('adminTarget'), database: target.database } as DatabaseTarget);
  await client.connect();
  try {
    await client.query("SET search_path TO rollcall; SET timezone TO 'UTC'");
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Every value of every table as PostgreSQL's text, by table name, with sorted rows. */
export function readAll(target: DatabaseTarget): Promise<Record<string, string[]>> {
  return seeingAll(target, async (client) => {
    const all: Record<string, string[]> = {};
    for (const table of await listTables(client)) {
      const { rows } = await client.query<{ row: string }>(
        `SELECT row(${columnList(table)})::text AS row FROM ${qualified(table)} ORDER BY 1`,
      );
      all[table.name] = rows.map(({ row }) => row);
    }
    return all;
  });
}

/**
 * `nothing` if the database has no Rollcall schema. Otherwise its organisations, and the tables whose policies do not
 * bind the owner.
 */
export function state(
  target: DatabaseTarget,
): Promise<'nothing' | { organisations: number; unforced: string[] }> {
  return seeingAll(target, async (client) => {
    const { rows } = await client.query("SELECT to_regclass('rollcall.organisations') AS found");
    if (rows[0].found === null) return 'nothing';
    const { rows: counts } = await client.query('SELECT count(*)::int AS n FROM organisations');
    const { rows: unforced } = await client.query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'rollcall'::regnamespace
       AND relrowsecurity AND NOT relforcerowsecurity`,
    );
    return { organisations: counts[0].n, unforced: unforced.map((row) => row.relname) };
  });
}

/** A backup of `target` in memory. */
export async function backupToBuffer(
  target: DatabaseTarget,
  options: Partial<BackupOptions> = {},
): Promise<{ file: Buffer; summary: BackupSummary }> {
  const chunks: Buffer[] = [];
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const summary = await backup({
    target,
    masterKeys: [MASTER_KEY],
    createdAt: CREATED_AT,
    output,
    ...options,
  });
  return { file: Buffer.concat(chunks), summary };
}

/** Opens `file` again with each call, in pieces of `pieceBytes`. */
export function opening(file: Buffer, pieceBytes = 10_000): () => Readable {
  return () =>
    Readable.from(
      (function* () {
        for (let at = 0; at < file.length; at += pieceBytes) yield file.subarray(at, at + pieceBytes);
      })(),
      { objectMode: false },
    );
}

const NASTY =
  'tab\t newline\n return\r\n bell\u0007 \\ \\N \\. \\t \\\\ "quotes" \'\' , {} 👩🏽‍💻 Zoë 日本 \u202e end';

/**
 * Two organisations with rows in every table. Each column has a value in a row; each nullable column also has a null.
 */
export async function fillEveryTable(target: DatabaseTarget): Promise<void> {
  await seeingAll(target, async (client) => {
    const insert = async (table: string, row: Record<string, unknown>): Promise<void> => {
      const names = Object.keys(row);
      const places = names.map((_, index) => `$${index + 1}`);
      await client.query(`INSERT INTO ${table} (${names}) VALUES (${places})`, Object.values(row));
    };
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await insert('signing_keys', {
      kid: NASTY,
      algorithm: 'ES256',
      public_jwk: JSON.stringify({ x: NASTY, n: 1.1, list: [null, true, 1e-30] }),
      private_key_sealed: everyByte,
      created_at: '2026-01-02 03:04:05.678901+00',
    });
    await insert('audit_keys', {
      kid: NASTY,
      private_key_sealed: everyByte,
      created_at: '2026-01-02 03:04:05.678901+00',
    });
    await insert('instance_settings', { name: NASTY, value: everyByte });
    for (const org of ['one', 'two']) {
      const id = (number: number) =>
        `${org === 'one' ? '1' : '2'}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
      const tenant_id = id(0);
      await insert('organisations', {
        tenant_id,
        slug: org,
        name: NASTY,
        time_zone: org === 'two' ? 'Europe/Atlantis' : 'Europe/Paris',
        is_demo: org === 'two',
        ...(org === 'two' && { daily_event_quota: 2 ** 40 }),
        created_at: '2026-01-01 00:00:00.000001+00',
      });
      await insert('api_key_index', { api_key_folded: `${org} ${NASTY}`, tenant_id });
      const key = {
        tenant_id,
        name: NASTY,
        role: 'all',
        authentication: 'hmac',
        secret_sealed: everyByte,
        created_at: '2026-01-02 03:04:05.678901+00',
      };
      const instant = '2026-03-29 01:59:59.999999+00';
      await insert('api_keys', { ...key, api_key_folded: `${org} ${NASTY}`, api_key: NASTY });
      await insert('api_keys', {
        ...key,
        api_key_folded: 'second',
        api_key: 'Second',
        previous_secret_sealed: Buffer.alloc(0),
        previous_secret_expires_at: 'infinity',
        expires_at: instant,
        revoked_at: instant,
        last_used_at: instant,
        role: 'statistics',
        networks: ['203.0.113.0/24', '2001:db8::/32'],
        location_ids: [id(1), id(2)],
      });
      // Children come first, because the rows of a table need not have parents first.
      await client.query(
        `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name, status, address, time_zone, space_type, capacity) VALUES
         ($1, $2, 'place', $3, $7, 'active', NULL, NULL, NULL, NULL),
         ($1, $3, 'zone', $4, $7, 'inactive', NULL, NULL, NULL, 1),
         ($1, $4, 'level', $5, '', 'active', NULL, NULL, NULL, NULL),
         ($1, $5, 'location', NULL, $7, 'active', $7, 'Europe/Paris', NULL, NULL),
         ($1, $6, 'space', $4, $7, 'active', NULL, NULL, $7, 2147483647),
         ($1, $8, 'location', NULL, '', 'active', NULL, 'Europe/Atlantis', NULL, NULL)`,
        [tenant_id, id(1), id(2), id(3), id(4), id(5), NASTY, id(8)],
      );
      const values = { tenantId: tenant_id, id, text: NASTY, instant };
      for (const [table, row] of groupRows(values)) await insert(table, row);
      for (const [table, row] of floorRows(values)) await insert(table, row);
      await insert('users', { tenant_id, user_id: id(6), user_name: '', user_name_folded: '' });
      await insert('users', {
        tenant_id,
        user_id: id(7),
        user_name: NASTY,
        user_name_folded: NASTY,
        email: NASTY,
        email_folded: NASTY,
        first_name: NASTY,
        last_name: '\\N',
        onboarded: true,
        status: 'inactive',
        primary_location_id: id(4),
        primary_group_id: id(401),
        attributes: JSON.stringify({
          [NASTY.replace('\u0007', '')]: NASTY,
          n: 1.1,
          b: true,
          employeeNumber: NASTY,
        }),
        external_id: NASTY,
        display_name: NASTY,
        deprovisioned: true,
        created_at: instant,
        modified_at: instant,
        deprovisioned_at: instant,
      });
      for (const [number, observed_at] of [
        '-infinity',
        '0044-03-15 12:00:00.000001+00 BC',
        instant,
      ].entries()) {
        await insert('presence_events', {
          tenant_id,
          observed_at,
          event_digest: id(100 + number),
          day: '2026-03-29',
          user_id: id(7),
          location_id: id(4),
          node_id: id(1),
          event_id: NASTY,
          source_id: '',
          source_user_id: number === 0 ? null : NASTY,
          received_at: instant,
        });
      }
      for (const [table, row] of [
        ...groupUseRows(values),
        ...scimTokenRows(values),
        ...accountRows(values),
        ...auditRows(values),
        ...userEmailRows({ tenantId: tenant_id, userId: id(7), text: NASTY }),
        ...submittedRows(values),
        ...erasureRows(values),
      ])
        await insert(table, row);
      await fillWorkday(client, insert, tenant_id, {
        placeId: id(1),
        zoneId: id(2),
        locationId: id(4),
        otherLocationId: id(8),
        userId: id(6),
        otherUserId: id(7),
      });
      const refused = { tenant_id, refused_at: instant, api_key_folded: 'k', endpoint: '/', reason: NASTY };
      await insert('refused_events', { ...refused, refusal_id: id(200) });
      await insert('refused_events', {
        ...refused,
        refusal_id: id(201),
        source_id: NASTY,
        event_id: NASTY,
        result_code: -32768,
        ...{ sender: 'account', cause: 'unknownUser', obstacle: 'tooLong', mended: true },
        ...{ claimed_until: instant, tried_at: instant, tried_by: NASTY },
        event: NASTY + randomBytes(org === 'one' ? 3_200_000 : 3).toString('base64'),
      });
    }
  });
}

type Insert = (table: string, row: Record<string, unknown>) => Promise<void>;

/** Books the desk, then moves it from the zone in which the booking counts. The rows then disagree. */
async function fillWorkday(
  client: pg.Client,
  insert: Insert,
  tenant_id: string,
  ids: Record<'placeId' | 'zoneId' | 'locationId' | 'otherLocationId' | 'userId' | 'otherUserId', string>,
): Promise<void> {
  const { placeId: place_id, zoneId: zone_id, locationId: location_id, userId: user_id } = ids;
  const day = '2026-03-29';
  await insert('office_settings', { tenant_id, location_id, horizon_days: 366, horizon_reached: day });
  await insert('office_settings', {
    tenant_id,
    location_id: ids.otherLocationId,
    presence_reporting: 'never',
    desk_presence: 'book',
    release_assigned_desks: false,
  });
  await insert('desk_assignments', { tenant_id, place_id, user_id });
  await insert('week_plans', { tenant_id, user_id, weekday: 1, plan: 'o', location_id });
  await insert('week_plans', { tenant_id, user_id, weekday: 7, plan: 'r' });
  const leave = { tenant_id, user_id, start_day: day, end_day: '9999-12-31' };
  await insert('leaves', { ...leave, leave_id: place_id });
  await insert('leaves', { ...leave, leave_id: zone_id, leave_type: 'sick' });
  await client.query('BEGIN');
  await insert('day_plans', { tenant_id, user_id, day, plan: 'o', location_id, set_by: 'day' });
  await insert('day_plans', {
    tenant_id,
    user_id: ids.otherUserId,
    day,
    plan: 'o',
    location_id,
    set_by: 'week',
  });
  await insert('day_plans', { tenant_id, user_id, day: '2026-03-30', plan: 'a', set_by: 'leave' });
  const booking = { tenant_id, day, location_id };
  await insert('bookings', {
    ...booking,
    user_id,
    node_id: place_id,
    node_kind: 'place',
    zone_id,
    set_by: 'person',
  });
  await insert('bookings', {
    ...booking,
    user_id: ids.otherUserId,
    node_id: location_id,
    node_kind: 'location',
    set_by: 'engine',
  });
  await client.query('COMMIT');
  await client.query(
    `WITH elsewhere AS (
       INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
       SELECT tenant_id, gen_random_uuid(), 'zone', parent_id, 'elsewhere' FROM nodes WHERE tenant_id = $1 AND node_id = $3
       RETURNING node_id)
     UPDATE nodes SET parent_id = (SELECT node_id FROM elsewhere) WHERE tenant_id = $1 AND node_id = $2`,
    [tenant_id, place_id, zone_id],
  );
  const entry = {
    tenant_id,
    logged_at: '2026-03-29 01:59:59.999999+00',
    action_id: zone_id,
    user_id,
    day,
    description: NASTY,
    changed_by: 'user',
  };
  await insert('action_log', { ...entry, entry_id: place_id, category: 'plan', action: 'created' });
  await insert('action_log', {
    ...entry,
    entry_id: zone_id,
    category: 'booking',
    action: NASTY,
    changed_by_name: NASTY,
    reason: NASTY,
    before: JSON.stringify({ plan: NASTY }),
    after: JSON.stringify({ nodeId: null }),
  });
}
