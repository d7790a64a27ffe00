import type { App } from '../../src/app.ts';
import { MasterKeys } from '../../src/auth/master-keys.ts';
import { createLogger } from '../../src/http/logging.ts';
import { TASKS } from '../../src/jobs/tasks.ts';
import type { TestServer } from './server.ts';

/** Runs a job of the audit trail on behalf of the server. */
export async function runAuditJob(server: TestServer, name: 'audit' | 'audit-prune'): Promise<void> {
  const task = TASKS.find((each) => each.name === name);
  if (!task) throw new Error(`There is no job ${name}.`);
  await task.run({
    database: server.db.restricted,
    target: server.db.target,
    masterKey: new MasterKeys([server.masterKey]),
    clock: server.clock.read,
    log: createLogger('silent'),
    signal: new AbortController().signal,
  });
}

/** A stored entry, with the names behind its subjects. */
export interface StoredEntry {
  entryId: string;
  occurredAt: Date;
  action: string;
  version: number;
  actor: string | null;
  actorKind: string | null;
  targets: { kind: string; reference: string; name: string }[];
  context: { address: string | null; userAgent: string | null; correlationId: string | null };
  metadata: Record<string, unknown>;
}

/** Stores what waits in memory, and returns the entries of an organisation in the order in which they were stored. */
export async function entriesOf(
  { db, app }: Pick<TestServer, 'db'> & { app: App },
  tenantId: string,
): Promise<StoredEntry[]> {
  await app.audit.flush();
  const { rows } = await db.restricted.inTenant(tenantId, (tx) =>
    tx.query<StoredEntry>(
      `SELECT e.entry_id AS "entryId", e.occurred_at AS "occurredAt", e.action, e.version, a.name AS actor,
              a.kind AS "actorKind", e.context, e.metadata,
              ARRAY(SELECT json_build_object('kind', k.kind, 'reference', k.reference, 'name', k.name)
                    FROM audit_subjects k WHERE k.subject_id = ANY (e.target_ids)) AS targets
       FROM audit_entries e LEFT JOIN audit_subjects a ON a.subject_id = e.actor_id
       -- The position of a row in the table tells entries apart that were stored at once.
       ORDER BY e.written_xid, e.occurred_at, e.ctid`,
    ),
  );
  return rows;
}
