import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { erasePeople } from '../../src/privacy/erase-people.ts';
import { seeingAll } from './backup.ts';
import { FOREIGN, OWN, type Planted } from './person-data.ts';
import type { TestServer } from './server.ts';

/** Runs the job once, to its end or until `signal` is aborted. */
export function runErasures(
  server: TestServer,
  {
    signal = new AbortController().signal,
    onProgress,
  }: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<void> {
  return erasePeople({
    database: server.db.owner,
    clock: server.clock.read,
    log: pino({ level: 'silent' }),
    signal,
    ...(onProgress ? { onProgress } : {}),
  });
}

/**
 * Plants what names the person elsewhere: as the author by each kind of name, in the attributes of the colleague, and in refused
 * events. One more refused event is of the colleague alone.
 */
export async function plantTraces({ db }: TestServer, { tenantId, userId, otherId }: Planted): Promise<void> {
  await seeingAll(db.target, async (client) => {
    const names = [
      `Ada${OWN} =Love${OWN}`,
      `COUNTESS ${OWN}`,
      `Home.${OWN}@example.com`,
      `former.${OWN}@example.com`,
      `${OWN}.before`,
    ];
    for (const [about, name] of [userId, otherId].flatMap((id) => names.map((name) => [id, name]))) {
      await client.query(
        `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by,
           changed_by_name)
         VALUES ($1, '2026-03-09T09:00:00Z', gen_random_uuid(), gen_random_uuid(), $2, '2026-03-12', 'plan', 'changed', $3, 'admin', $4)`,
        [tenantId, about, FOREIGN, name],
      );
    }
    // What the audit trail called the account and the user at first.
    await client.query(
      `INSERT INTO audit_subjects (tenant_id, subject_id, kind, reference, name)
       SELECT $1, gen_random_uuid(), w.kind, w.reference, w.name
       FROM (SELECT 'account', account_id::text, $2 FROM accounts WHERE email_folded LIKE $3
             UNION ALL SELECT 'user', $4, $5) AS w (kind, reference, name)
       ON CONFLICT (tenant_id, kind, reference) DO UPDATE SET name = excluded.name`,
      [tenantId, `former.${OWN}@example.com`, `ada.${OWN}@%`, userId, `${OWN}.Before`],
    );
    await client.query('UPDATE users SET attributes = $3 WHERE tenant_id = $1 AND user_id = $2', [
      tenantId,
      otherId,
      { manager: `EXT-${OWN}`, assistant: `home.${OWN}@example.com`, team: `team-${FOREIGN}` },
    ]);
    for (const event of [
      `{"cardNumber":"${OWN}-card"}`,
      // Cut off before anything that names a card whole.
      `{"username":"${FOREIGN}","credentials":[{"cardNumber":"${OWN}-ca`,
      JSON.stringify({ visitorName: `Dr. "Q" ada${OWN} =LOVE${OWN}`, visitorEmail: null }),
      JSON.stringify({ visitorName: `only-${FOREIGN}` }),
    ]) {
      await client.query(
        `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, sender, api_key_folded, endpoint, cause, reason, event)
         VALUES ($1, '2026-03-09T09:00:00.123456Z', $2, 'key', 'k', 'presence', 'unknownUser', 'none', $3)`,
        [tenantId, randomUUID(), event],
      );
    }
  });
}
