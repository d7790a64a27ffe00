import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Verification, verifyAudit } from '../src/privacy/verify-audit.ts';
import { setAuditMonths } from '../src/store/audit/batches.ts';
import { addAuditEntries, type NewAuditEntry } from '../src/store/audit/entries.ts';
import { forgetAuditAccounts, forgetAuditSubjects } from '../src/store/audit/subjects.ts';
import type { Tx } from '../src/store/connections/db.ts';
import { organisationIds } from '../src/store/directory/organisations.ts';
import { fold } from '../src/store/values/fold.ts';
import { runAuditJob } from './support/audit.ts';
import { seeingAll } from './support/backup.ts';
import { addUser } from './support/directory.ts';
import { untilAllWait } from './support/locks.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let tenantId: string;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  tenantId = await server.organisation();
});

const uuid = (number: number) =>
  `00000000-0000-4000-8000-${tenantId.slice(0, 8)}${String(number).padStart(4, '0')}`;
const nowIso = () => new Date(server.clock.nowMs).toISOString();

function entry(number: number, at = nowIso()): NewAuditEntry {
  return {
    entryId: uuid(number),
    occurredAt: new Date(at),
    action: 'key.revoked',
    version: 1,
    subjects: [
      {
        kind: 'account',
        reference: `a${number}`,
        name: 'ada@example.com',
        subjectId: uuid(number + 5_000),
        isActor: true,
      },
    ],
    context: { address: '192.0.2.7', userAgent: null, correlationId: `c${number}` },
    metadata: { role: 'all', nested: { b: 1, a: [2] } },
  };
}

const add = (...entries: NewAuditEntry[]) =>
  server.db.restricted.inTenant(tenantId, (tx) => addAuditEntries(tx, entries));

const run = (name: 'audit' | 'audit-prune') => runAuditJob(server, name);

const verify = (known?: { number: number; hash: string }): Promise<Verification> =>
  verifyAudit(server.db.owner, tenantId, { sealer: server.masterKey, known });
/** Changes the database as a role that no policy binds and that may do everything. */
const tamper = (sql: string) =>
  seeingAll(server.db.target, (client) => client.query(sql.replaceAll('$t', `'${tenantId}'`)));

/** Three batches: entries 1 and 2, 3 and 4, 5 and 6. A second lies between the two of a batch. */
async function threeBatches(): Promise<void> {
  for (const first of [1, 3, 5]) {
    const before = entry(first);
    server.clock.advanceS(1);
    await add(before, entry(first + 1));
    await run('audit');
    server.clock.advanceS(60);
  }
}

test('a chain without changes is whole, with what no batch covers yet', async () => {
  expect(await verify()).toMatchObject({ faults: [], batches: 0, waiting: 0, head: undefined });
  await threeBatches();
  await add(entry(7));
  const result = await verify();
  expect(result).toMatchObject({ faults: [], batches: 3, entries: 6, waiting: 1, head: { number: 3 } });
  expect(await verify(result.head)).toMatchObject({ faults: [] });
});

test('an entry whose transaction commits late is in the batch after it, and none falls between batches', async () => {
  await add(entry(1));
  let isReady = (): void => undefined;
  let end = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const mayEnd = new Promise<void>((resolve) => {
    end = resolve;
  });
  const late = server.db.restricted.inTenant(tenantId, async (tx: Tx) => {
    await addAuditEntries(tx, [entry(2)]);
    isReady();
    await mayEnd;
  });
  await ready;
  await add(entry(3));
  await run('audit');
  expect(await verify()).toMatchObject({ faults: [], batches: 1, entries: 2, waiting: 0 });
  end();
  await late;
  expect(await verify()).toMatchObject({ faults: [], waiting: 1 });
  await run('audit');
  expect(await verify()).toMatchObject({ faults: [], batches: 2, entries: 3, waiting: 0 });
});

const BATCH_2 = 'tenant_id = $t AND number = 2';
const TAMPERINGS: Record<string, [sql: () => string, found: () => string]> = {
  'one field of an entry is changed': [
    () =>
      `UPDATE audit_entries SET metadata = '{"role":"viewer"}' WHERE tenant_id = $t AND entry_id = '${uuid(3)}'`,
    () => `The entry ${uuid(3)} (key.revoked, `,
  ],
  'the time of an entry is changed': [
    () =>
      `UPDATE audit_entries SET occurred_at = occurred_at - interval '1 microsecond' WHERE tenant_id = $t AND entry_id = '${uuid(3)}'`,
    () => `The entry ${uuid(3)} of batch 2 is missing.`,
  ],
  'the time of an entry is changed to another one of its batch': [
    () =>
      `UPDATE audit_entries SET occurred_at = occurred_at - interval '1 microsecond' WHERE tenant_id = $t AND entry_id = '${uuid(4)}'`,
    () => `The entry ${uuid(4)} (key.revoked, `,
  ],
  'a copy of an entry with another time and another content is slipped in': [
    () => `INSERT INTO audit_entries SELECT tenant_id, occurred_at + interval '1 microsecond', entry_id, 'key.created', version,
             actor_id, target_ids, context, metadata, written_xid FROM audit_entries WHERE tenant_id = $t AND entry_id = '${uuid(3)}'`,
    () => `The entry ${uuid(3)} of batch 2 is there 2 times: somebody has slipped in a copy.`,
  ],
  'a copy of an entry with an earlier time is slipped in': [
    () => `INSERT INTO audit_entries SELECT tenant_id, occurred_at - interval '1 microsecond', entry_id, action, version,
             actor_id, target_ids, context, metadata, written_xid FROM audit_entries WHERE tenant_id = $t AND entry_id = '${uuid(4)}'`,
    () => `The entry ${uuid(4)} of batch 2 is there 2 times: somebody has slipped in a copy.`,
  ],
  'an entry is deleted': [
    () => `DELETE FROM audit_entries WHERE tenant_id = $t AND entry_id = '${uuid(3)}'`,
    () => `The entry ${uuid(3)} of batch 2 is missing.`,
  ],
  'an entry is deleted, and its batch made to fit': [
    () => `DELETE FROM audit_entries WHERE tenant_id = $t AND entry_id = '${uuid(3)}';
           UPDATE audit_batches SET entries = 1, entry_ids = entry_ids[2:2], entry_digests = substring(entry_digests FROM 33),
             digest = sha256(substring(entry_digests FROM 33)) WHERE ${BATCH_2}`,
    () => 'Batch 2 has a wrong signature',
  ],
  'entries change places': [
    () => `UPDATE audit_batches SET entry_ids = ARRAY[entry_ids[2], entry_ids[1]] WHERE ${BATCH_2}`,
    () => 'of batch 2 was changed.',
  ],
  'a batch is deleted with its entries': [
    () => `DELETE FROM audit_entries WHERE tenant_id = $t AND entry_id IN ('${uuid(3)}', '${uuid(4)}');
           DELETE FROM audit_batches WHERE ${BATCH_2}`,
    () => 'Batch 2 is missing.',
  ],
  'the end is cut off': [
    () => `DELETE FROM audit_entries WHERE tenant_id = $t AND entry_id IN ('${uuid(5)}', '${uuid(6)}');
           DELETE FROM audit_batches WHERE tenant_id = $t AND number = 3`,
    () => 'The chain was cut: it ends with batch 2 of 3.',
  ],
  'everything is deleted but the head': [
    () => 'DELETE FROM audit_entries WHERE tenant_id = $t; DELETE FROM audit_batches WHERE tenant_id = $t',
    () => 'The chain was cut: it ends with batch 0 of 3.',
  ],
  'the head is deleted': [
    () => 'DELETE FROM audit_heads WHERE tenant_id = $t',
    () => 'The head of the chain is missing.',
  ],
  'an entry is slipped in among those that are sealed': [
    () => `INSERT INTO audit_entries SELECT tenant_id, occurred_at, gen_random_uuid(), action, version, actor_id, target_ids,
             context, metadata, written_xid FROM audit_entries WHERE tenant_id = $t AND entry_id = '${uuid(3)}'`,
    () => 'is in no batch: somebody has slipped it in.',
  ],
  'entries are deleted as if they were pruned': [
    () => `DELETE FROM audit_entries WHERE tenant_id = $t AND entry_id IN ('${uuid(3)}', '${uuid(4)}');
           UPDATE audit_batches SET entry_ids = NULL, entry_digests = NULL, pruned_at = sealed_at, prune_kid = kid,
             prune_signature = signature WHERE ${BATCH_2}`,
    () => 'Batch 2 was not pruned by the server: its entries were deleted.',
  ],
  'the signing key is replaced by another one': [
    () => `UPDATE audit_keys SET private_key_sealed = 'x'`,
    () => 'Batch 1 has a wrong signature',
  ],
};

describe('verify finds it, and says where, if', () => {
  test.each(Object.entries(TAMPERINGS))('%s', async (name, [sql, found]) => {
    await threeBatches();
    expect((await verify()).faults).toEqual([]);
    const { rows: keys } = await tamper('SELECT kid, private_key_sealed FROM audit_keys').then(
      (result) => result,
    );
    await tamper(sql());
    expect((await verify()).faults.join('\n')).toContain(found());
    if (name.includes('signing key'))
      await seeingAll(server.db.target, (client) =>
        client.query('UPDATE audit_keys SET private_key_sealed = $1', [keys[0].private_key_sealed]),
      );
  });

  test('the whole chain is set back to an earlier state, which only a batch that was noted elsewhere shows', async () => {
    await add(entry(1));
    await run('audit');
    const { rows } = await tamper('SELECT * FROM audit_heads WHERE tenant_id = $t');
    await add(entry(2));
    await run('audit');
    const { head } = await verify();
    await tamper(`DELETE FROM audit_entries WHERE tenant_id = $t AND entry_id = '${uuid(2)}';
                  DELETE FROM audit_batches WHERE tenant_id = $t AND number = 2`);
    await seeingAll(server.db.target, (client) =>
      client.query('UPDATE audit_heads SET number = $2, hash = $3, signature = $4 WHERE tenant_id = $1', [
        tenantId,
        rows[0].number,
        rows[0].hash,
        rows[0].signature,
      ]),
    );
    expect((await verify()).faults).toEqual([]);
    expect((await verify(head)).faults).toEqual(['Batch 2, which you noted, is missing.']);
  });
});

test('a forgotten subject leaves the chain whole, and its name is nowhere', async () => {
  await threeBatches();
  const forgotten = await server.db.owner.inTenant(tenantId, (tx) =>
    forgetAuditSubjects(tx, tenantId, 'account', ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']),
  );
  expect(forgotten).toBe(6);
  expect((await verify()).faults).toEqual([]);
  await tamper('DELETE FROM audit_subjects WHERE tenant_id = $t');
  expect((await verify()).faults).toEqual([]);
});

test('entries that are too old go, their batches stay signed, and the chain stays whole', async () => {
  await threeBatches();
  server.clock.advanceS(400 * 86_400);
  await add(entry(7));
  await run('audit');
  await run('audit-prune');
  expect(await verify()).toMatchObject({ faults: [], batches: 4, prunedBatches: 3, entries: 1, waiting: 0 });
  const { rows } = await tamper(
    'SELECT (SELECT count(*)::int FROM audit_entries WHERE tenant_id = $t) AS entries, (SELECT count(*)::int FROM audit_subjects WHERE tenant_id = $t) AS subjects',
  );
  expect(rows).toEqual([{ entries: 1, subjects: 1 }]);
  await tamper(`DELETE FROM audit_batches WHERE tenant_id = $t AND number = 2`);
  expect((await verify()).faults).toEqual(['Batch 2 is missing.']);
});

test('months without entries that no organisation keeps are dropped, and an entry of such a month has one again', async () => {
  const months = async () => {
    const { rows } = await tamper(
      `SELECT relname::text AS name FROM pg_class WHERE relname LIKE 'audit_entries_204%' AND relkind = 'r' ORDER BY 1`,
    );
    return rows.map(({ name }) => String(name).replace('audit_entries_', ''));
  };
  const other = await server.organisation();
  await server.db.owner.inTenant(other, (tx) => setAuditMonths(tx, other, 15));
  const addOf = (id: string, at: string) =>
    server.db.restricted.inTenant(id, (tx) => addAuditEntries(tx, [entry(Number(at.slice(5, 7)), at)]));
  server.clock.nowMs = Date.parse('2040-03-10T12:00:00Z');
  await addOf(tenantId, '2040-01-31T23:59:59.999Z');
  await addOf(other, '2040-02-10T12:00:00Z');
  await addOf(tenantId, '2040-03-10T12:00:00Z');
  await run('audit');
  const ahead = ['2040_03', '2040_04', '2040_05'];
  expect(await months()).toEqual(['2040_01', '2040_02', ...ahead]);

  // The other organisation keeps February, and thereby the months after it.
  server.clock.nowMs = Date.parse('2041-05-02T12:00:00Z');
  await run('audit-prune');
  expect(await months()).toEqual(['2040_02', ...ahead]);
  server.clock.nowMs = Date.parse('2041-06-02T12:00:00Z');
  await run('audit-prune');
  expect(await months()).toEqual(ahead);
  await addOf(tenantId, '2040-01-31T23:59:59.999Z');
  expect(await months()).toEqual(['2040_01', ...ahead]);
  await run('audit');
  expect(await verify()).toMatchObject({ faults: [], prunedBatches: 1 });
  server.clock.nowMs = Date.parse('2026-03-10T12:00:00Z');
});

test('the restricted role can neither change nor delete nor insert entries by itself', async () => {
  await add(entry(1));
  for (const sql of [
    'UPDATE audit_entries SET action = action',
    'DELETE FROM audit_entries',
    'TRUNCATE audit_entries',
    `INSERT INTO audit_entries (tenant_id, occurred_at, entry_id, action, version, target_ids, context, metadata)
     VALUES (current_tenant_id(), 'epoch', gen_random_uuid(), 'x', 1, '{}', '{}', '{}')`,
    'UPDATE audit_batches SET number = number',
    'DELETE FROM audit_batches',
    'DELETE FROM audit_subjects',
    'SELECT FROM audit_keys',
    'SELECT FROM audit_entries_before',
    `INSERT INTO organisation_settings (tenant_id, audit_months) VALUES (current_tenant_id(), 1)`,
    'UPDATE organisation_settings SET audit_months = 1',
  ]) {
    await expect(
      server.db.restricted.inTenant(tenantId, (tx) => tx.query(sql)),
      sql,
    ).rejects.toThrow(/permission denied/);
  }
});

test('the restricted role adds entries by one function, and reads entries and subjects, and no more', async () => {
  const { rows: functions } = await tamper(
    `SELECT proname::text AS name FROM pg_proc WHERE pronamespace = 'rollcall'::regnamespace AND proname LIKE '%audit%'
       AND has_function_privilege('rollcall_app', oid, 'EXECUTE')`,
  );
  expect(functions).toEqual([{ name: 'add_audit_entries' }]);
  const { rows: privileges } = await tamper(
    `SELECT c.relname::text AS name, p AS privilege FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS p
     WHERE c.relnamespace = 'rollcall'::regnamespace AND c.relname LIKE 'audit%' AND c.relkind IN ('r', 'p')
       AND has_any_column_privilege('rollcall_app', c.oid, p)`,
  );
  expect(privileges.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { name: 'audit_entries', privilege: 'SELECT' },
    { name: 'audit_subjects', privilege: 'SELECT' },
  ]);
});

test('an organisation whose chain is broken does not keep the entries of others out of batches', async () => {
  const others = [await server.organisation(), tenantId, await server.organisation()];
  const [broken = '', ...whole] = (await server.db.owner.inSystem(organisationIds)).filter((each) =>
    others.includes(each),
  );
  const addIn = (id: string, number: number) =>
    server.db.restricted.inTenant(id, (tx) => addAuditEntries(tx, [entry(number)]));
  await addIn(broken, 1);
  await run('audit');
  await tamper(`DELETE FROM audit_heads WHERE tenant_id = '${broken}'`);
  for (const id of [broken, ...whole]) await addIn(id, 2);
  await expect(run('audit')).rejects.toThrow('It failed for 1 of ');
  for (const id of whole)
    expect(await verifyAudit(server.db.owner, id, { sealer: server.masterKey })).toMatchObject({
      ...{ faults: [], batches: 1, waiting: 0 },
    });
  await tamper(`DELETE FROM audit_batches WHERE tenant_id = '${broken}'`);
});

test('after a restore, the head follows the database that has it now, and every entry is in one batch', async () => {
  await threeBatches();
  await tamper(`UPDATE audit_heads SET database = 'another one' WHERE tenant_id = $t`);
  expect(await verify()).toMatchObject({ faults: [], batches: 3, waiting: 0 });
  const database = async () =>
    (await tamper('SELECT database FROM audit_heads WHERE tenant_id = $t')).rows[0].database;
  await run('audit');
  expect(await database()).not.toBe('another one');
  await add(entry(7));
  await tamper(`UPDATE audit_heads SET database = 'another one' WHERE tenant_id = $t`);
  expect(await verify()).toMatchObject({ faults: [], waiting: 1 });
  await run('audit');
  expect(await verify()).toMatchObject({ faults: [], batches: 4, entries: 7, waiting: 0 });
});

test('an entry that is added while unused subjects are deleted keeps the name of its actor', async () => {
  await add(entry(1), entry(2));
  await run('audit');
  server.clock.advanceS(400 * 86_400);
  const pruned = await server.db.restricted.inTenant(tenantId, async (tx) => {
    const again = entry(3);
    await addAuditEntries(tx, [{ ...again, subjects: entry(1).subjects }]);
    const begun = { ended: run('audit-prune') };
    await untilAllWait(server.db.target);
    return begun;
  });
  await pruned.ended;
  const { rows } = await tamper(
    `SELECT k.reference FROM audit_entries e LEFT JOIN audit_subjects k ON k.subject_id = e.actor_id WHERE e.tenant_id = $t`,
  );
  expect(rows).toEqual([{ reference: 'a1' }]);
  const subjects = await tamper('SELECT reference FROM audit_subjects WHERE tenant_id = $t');
  expect(subjects.rows).toEqual([{ reference: 'a1' }]);
});

test('an entry waits for a user who is being erased, and then names nobody', async () => {
  const { userId } = await addUser(server.db.owner, tenantId);
  const subject = { kind: 'user', reference: userId, subjectId: uuid(9_000), isActor: false } as const;
  const { added } = await server.db.owner.inTenant(tenantId, async (tx) => {
    await tx.query('DELETE FROM users WHERE tenant_id = $1 AND user_id = $2', [tenantId, userId]);
    await forgetAuditSubjects(tx, tenantId, 'user', [userId]);
    const begun = { added: add({ ...entry(1), subjects: [subject] }) };
    await untilAllWait(server.db.target);
    return begun;
  });
  await added;
  const { rows: entries } = await tamper('SELECT target_ids FROM audit_entries WHERE tenant_id = $t');
  expect(entries).toEqual([{ target_ids: [] }]);
  const { rows: subjects } = await tamper('SELECT reference FROM audit_subjects WHERE tenant_id = $t');
  expect(subjects).toEqual([]);
});

test('the address of an account is forgotten by the rule that folds addresses everywhere', async () => {
  const named = (number: number, name: string) => {
    const { subjects, ...rest } = entry(number);
    return { ...rest, subjects: subjects.map((subject) => ({ ...subject, name })) };
  };
  await add(named(1, 'É\u0301va.İ@Example.COM'), named(2, 'eva@example.com'));
  const forgotten = await server.db.owner.inTenant(tenantId, (tx) =>
    forgetAuditAccounts(tx, tenantId, [fold('É\u0301VA.İ@example.com')]),
  );
  expect(forgotten).toBe(1);
  const { rows } = await tamper('SELECT name FROM audit_subjects WHERE tenant_id = $t AND name IS NOT NULL');
  expect(rows).toEqual([{ name: 'eva@example.com' }]);
});

test('months have partitions ahead, an entry finds one even where the job did not run, and a pause makes few', async () => {
  const months = async () =>
    (
      await tamper(
        `SELECT relname::text AS name FROM pg_class WHERE relname LIKE 'audit_entries_2%' AND relkind = 'r' ORDER BY 1`,
      )
    ).rows.map(({ name }) => name);
  await add(entry(1, '2031-05-31T23:59:59.999Z'), entry(2, '2031-06-01T00:00:00Z'));
  expect(await months()).toEqual(expect.arrayContaining(['audit_entries_2031_05', 'audit_entries_2031_06']));
  const before = (await months()).length;
  server.clock.nowMs = Date.parse('2038-01-31T00:00:00Z');
  await run('audit');
  expect(await months()).toHaveLength(before + 3);
  await run('audit');
  expect(await months()).toHaveLength(before + 3);
  server.clock.nowMs = Date.parse('2026-03-10T12:00:00Z');
});
