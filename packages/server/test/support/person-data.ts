import { randomUUID } from 'node:crypto';
import { readCsv } from '../../src/files/csv-rows.ts';
import { unguard } from '../../src/files/formula-guard.ts';
import { cardTextDigest, digest } from '../../src/store/values/digest.ts';
import { seeingAll } from './backup.ts';
import { addOffice, addUser, type Office } from './directory.ts';
import type { TestServer } from './server.ts';
import { addAccount, browserWithRole } from './sessions.ts';

/** A part of every value about the person, and one of every value about all other people. */
export const OWN = 'zxq';
export const FOREIGN = 'wvk';

export const OTHER = { email: `${FOREIGN}.boss@example.com`, card: `${FOREIGN}-card` };

export interface Planted {
  tenantId: string;
  userId: string;
  otherId: string;
  office: Office;
  email: string;
}

/**
 * An organisation with a person about whom each table that can do so holds rows, and with another person who is mentioned
 * wherever two people can be. Every text about a person has `OWN` or `FOREIGN` in it.
 */
export async function plantPerson(server: TestServer): Promise<Planted> {
  const { owner } = server.db;
  const tenantId = await server.organisation();
  const office = await addOffice(owner, tenantId);
  const email = `Ada.${OWN}@example.com`;
  const { userId } = await addUser(owner, tenantId, {
    userName: `${OWN}.Login`,
    email,
    primaryLocationId: office.locationId,
  });
  const { userId: otherId } = await addUser(owner, tenantId, {
    userName: `${FOREIGN}.login`,
    email: OTHER.email,
  });
  const at = '2026-03-09T09:00:00Z';
  await owner.inTenant(tenantId, async (tx) => {
    const insert = (table: string, row: Record<string, unknown>) =>
      tx.query(
        `INSERT INTO ${table} (tenant_id, ${Object.keys(row).join(', ')})
         VALUES ($1, ${Object.keys(row).map((_, index) => `$${index + 2}`)})`,
        [tenantId, ...Object.values(row)],
      );
    await tx.query(
      `UPDATE users SET first_name = $3, last_name = $4, display_name = $5, external_id = $6, attributes = $7
       WHERE tenant_id = $1 AND user_id = $2`,
      [
        tenantId,
        userId,
        `Ada${OWN}`,
        `=Love${OWN}`,
        `Countess ${OWN}`,
        `ext-${OWN}`,
        { employeeNumber: `no-${OWN}`, team: `team-${OWN}` },
      ],
    );
    await insert('user_emails', {
      user_id: userId,
      position: 1,
      value: `Home.${OWN}@example.com`,
      value_folded: `home.${OWN}@example.com`,
      type: `type-${OWN}`,
      type_folded: `type-${OWN}`,
      is_primary: false,
      display: `display-${OWN}`,
    });
    const groupId = randomUUID();
    await insert('groups', { group_id: groupId, group_type: 'team', name: `group-${OWN}` });
    await insert('group_members', { group_id: groupId, user_id: userId });
    for (const [holder, word] of [
      [userId, OWN],
      [otherId, FOREIGN],
    ] as const) {
      const [number, scan] = [`${word}-card`, `${word}-scan`];
      await insert('access_credentials', {
        card_digest: digest([`${word}-site`, number]),
        card_number_digest: cardTextDigest(number),
        facility_code: `${word}-site`,
        card_number: number,
        user_id: holder,
        active: true,
        credential_type: `${word}-badge`,
        updated_at: at,
      });
      await insert('access_credential_scans', {
        scan_digest: cardTextDigest(scan),
        card_digest: digest([`${word}-site`, number]),
        scan_data: scan,
      });
      await insert('presence_events', {
        ...{ observed_at: at, event_digest: randomUUID(), day: '2026-03-09', user_id: holder },
        ...{ location_id: office.locationId, node_id: office.placeId, received_at: at },
        ...{ event_id: `${word}-event`, source_id: `${word}-door`, source_user_id: `${word}-badge-7` },
      });
      await insert('week_plans', {
        user_id: holder,
        weekday: 1,
        plan: 'o',
        location_id: office.locationId,
      });
      await insert('leaves', {
        ...{ user_id: holder, leave_id: randomUUID(), start_day: '2026-04-01', end_day: '2026-04-03' },
        leave_type: 'sick',
      });
      await insert('day_plans', {
        ...{ user_id: holder, day: '2026-03-12', plan: 'o', location_id: office.locationId, set_by: 'day' },
      });
    }
    await insert('bookings', {
      ...{ user_id: userId, day: '2026-03-12', location_id: office.locationId, node_id: office.placeId },
      ...{ node_kind: 'place', zone_id: office.zoneId, set_by: 'person' },
    });
    await insert('bookings', {
      ...{ user_id: otherId, day: '2026-03-12', location_id: office.locationId, node_id: office.zoneId },
      ...{ node_kind: 'zone', zone_id: office.zoneId, set_by: 'person' },
    });
    await insert('desk_assignments', { place_id: office.placeId, user_id: userId });
    await insert('attendance_changes', {
      ...{ location_id: office.locationId, day: '2026-03-11', user_id: userId },
    });
    const log = {
      logged_at: at,
      day: '2026-03-12',
      category: 'plan',
      action: 'changed',
      changed_by: 'admin',
    };
    await insert('action_log', {
      ...{ ...log, entry_id: randomUUID(), action_id: randomUUID(), user_id: userId },
      ...{ description: `Plan of ${OWN} changed`, changed_by_name: OTHER.email, reason: `reason-${OWN}` },
      ...{ before: { plan: `before-${OWN}` }, after: { plan: `after-${OWN}` } },
    });
    await insert('action_log', {
      ...{ ...log, entry_id: randomUUID(), action_id: randomUUID(), user_id: otherId },
      ...{ description: `Plan of ${FOREIGN}`, changed_by_name: email, reason: `reason-${FOREIGN}` },
      ...{ before: { plan: FOREIGN }, after: null },
    });
    const arrival = {
      ...{ observed_at: at, day: '2026-03-09', location_id: office.locationId, node_id: office.locationId },
      ...{ source_id: `desk-${OWN}`, received_at: at },
    };
    await insert('visitor_arrivals', {
      ...{ ...arrival, event_digest: randomUUID(), event_id: `hosted-${OWN}`, host_user_id: userId },
      ...{ visitor_name: `Guest ${FOREIGN}`, visitor_email: `guest.${FOREIGN}@example.com` },
      visitor_company: `Company ${FOREIGN}`,
    });
    await insert('visitor_arrivals', {
      ...{ ...arrival, event_digest: randomUUID(), event_id: `visit-${OWN}`, host_user_id: otherId },
      ...{ visitor_name: `Ada ${OWN}`, visitor_email: `HOME.${OWN}@example.com` },
      visitor_company: `Company ${OWN}`,
    });
    await insert('refused_events', {
      ...{ refused_at: at, refusal_id: randomUUID(), sender: 'account', api_key_folded: email.toLowerCase() },
      ...{ endpoint: 'presence', cause: 'unknownUser', reason: FOREIGN, event: `{"userId":"${FOREIGN}"}` },
    });
    await insert('floor_plans', {
      ...{ plan_id: randomUUID(), level_id: office.levelId, is_draft: false, version: 1, aspect_ratio: 1 },
      ...{ changed_at: at, changed_by: email },
    });
  });
  await addAccount(server, tenantId, OTHER.email, 'planner');
  await browserWithRole(server, tenantId, 'administrator', email);
  await plantSignIn(server, email);
  return { tenantId, userId, otherId, office, email };
}

/** An identity, a passkey and a name that only the person's sign-in has. */
async function plantSignIn(server: TestServer, email: string): Promise<void> {
  await seeingAll(server.db.target, async (client) => {
    await client.query(`UPDATE accounts SET name = $2, password_hash = $3 WHERE email = $1`, [
      email,
      `Ada at the door ${OWN}`,
      `secret-hash-${OWN}`,
    ]);
    await client.query(
      `UPDATE sessions SET address = $2, user_agent = $3
       WHERE account_id = (SELECT account_id FROM accounts WHERE email = $1)`,
      [email, `address-${OWN}`, `browser-${OWN}`],
    );
    await client.query(
      `INSERT INTO account_identities (identity_id, issuer, subject, account_id, email, linked_at)
       SELECT gen_random_uuid(), $2, $3, account_id, $4, created_at FROM accounts WHERE email = $1`,
      [email, `https://id.${OWN}.example`, `subject-${OWN}`, `id.${OWN}@example.com`],
    );
    await client.query(
      `INSERT INTO passkeys (credential_id, account_id, public_key, sign_count, backed_up, transports, name, created_at)
       SELECT '\\x7a7871', account_id, '\\x7a7871', 1, true, ARRAY['usb'], $2, created_at FROM accounts WHERE email = $1`,
      [email, `key-${OWN}`],
    );
  });
}

/** The rows of a CSV file, as texts by column. */
export async function csvRowsOf(text: string): Promise<Record<string, string>[]> {
  const { header, rows } = await readCsv(
    (async function* () {
      yield Buffer.from(text);
    })(),
  );
  const columns = header?.cells ?? [];
  const found: Record<string, string>[] = [];
  for await (const row of rows) {
    if (!('cells' in row)) throw new Error(row.reason);
    found.push(Object.fromEntries(columns.map((column, index) => [column, unguard(row.cells[index] ?? '')])));
  }
  return found;
}

/** Every word with `mark` in it that a table of the database holds, in lower case, with the tables that hold it. */
export async function wordsInDatabase(server: TestServer, mark: string): Promise<Map<string, string[]>> {
  const word = new RegExp(`[\\w.@:/-]*${mark}[\\w.@:/-]*`, 'gi');
  return seeingAll(server.db.target, async (client) => {
    const words = new Map<string, string[]>();
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class
       WHERE relnamespace = 'rollcall'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname`,
    );
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: unknown }>(
        `SELECT to_jsonb(t) AS row FROM rollcall.${name} AS t`,
      );
      for (const [found] of textsIn(rows).flatMap((text) => [...text.matchAll(word)])) {
        const key = found.toLowerCase();
        words.set(key, [...new Set([...(words.get(key) ?? []), name])]);
      }
    }
    return words;
  });
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
