import { addOperatorEntry } from '../http/audit/operator.ts';
import type { Database } from '../store/connections/db.ts';
import { withJobLock } from '../store/connections/job-lock.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import {
  findErasedUsers,
  findErasure,
  listErasures,
  type RecordedErasure,
  recordErasures,
} from '../store/privacy/erasures.ts';
import { parseGuid } from '../store/values/guid.ts';
import { REASONS } from '../store/workday/reasons.ts';
import { type EraseDeps, erasePeople } from './erase-people.ts';
import { LastAdministratorError, requestErasure } from './erasure.ts';

/** The lock of the job `erase`. */
const ERASURE_LOCK = 'job erase';

/** A line of the record of erasures. */
type Line = RecordedErasure & { organisationId: string };

/** A text that is no record of erasures. */
export class ErasureRecordError extends Error {}

/** The record of erasures of all organisations: a line of JSON for each. It names nobody. */
export async function writeErasureRecord(database: Database): Promise<string> {
  const lines: string[] = [];
  for (const organisationId of await database.inSystem(organisationIds)) {
    const erasures = await database.inTenant(organisationId, (tx) => listErasures(tx, organisationId));
    lines.push(...erasures.map((erasure) => `${JSON.stringify({ organisationId, ...erasure })}\n`));
  }
  return lines.join('');
}

/** Reads a record that `writeErasureRecord` wrote. Throws `ErasureRecordError`. */
export function readErasureRecord(text: string): Line[] {
  return text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [lineOf(line, index + 1)]));
}

function lineOf(line: string, number: number): Line {
  let read: Partial<Record<keyof Line, unknown>>;
  try {
    read = Object(JSON.parse(line));
  } catch {
    throw new ErasureRecordError(`Line ${number} is no JSON.`);
  }
  const organisationId = parseGuid(String(read.organisationId));
  const [subject, requestedBy] = [String(read.subject), String(read.requestedBy)];
  const requestedAt = new Date(String(read.requestedAt));
  if (!organisationId || !/^[0-9a-f]{64}$/.test(subject) || Number.isNaN(requestedAt.getTime())) {
    throw new ErasureRecordError(`Line ${number} is no erasure.`);
  }
  return { organisationId, subject, requestedBy, requestedAt };
}

/**
 * Erases again the users of a record whom this database has, and keeps the record. A repeated call does what is left. Returns how
 * many were erased, and how many are still to be, because the server or another command erases them. Throws
 * `LastAdministratorError` after it has erased all others, and as `erasePeople`.
 */
export async function applyErasureRecord(
  deps: EraseDeps,
  lines: readonly Line[],
): Promise<{ erased: number; pending: number }> {
  const { database, clock } = deps;
  const requested: { tenantId: string; userId: string }[] = [];
  let refusal: LastAdministratorError | undefined;
  for (const tenantId of await database.inSystem(organisationIds)) {
    const own = lines.filter(({ organisationId }) => organisationId === tenantId);
    if (own.length === 0) continue;
    const there = await database.inTenant(tenantId, async (tx) => {
      const users = await findErasedUsers(tx, tenantId, own);
      await recordErasures(
        tx,
        tenantId,
        own.filter(({ subject }) => !users.has(subject)),
      );
      return users;
    });
    for (const userId of there.values()) {
      const actor = { changedBy: 'admin', name: null, reason: REASONS.personErased } as const;
      const author = { actor, at: new Date(clock()), by: 'restore' };
      try {
        await requestErasure(database, tenantId, userId, author, (tx) =>
          addOperatorEntry(tx, 'person.erased', {
            tenantId,
            targets: [{ kind: 'user', reference: userId }],
            metadata: {},
            atMs: clock(),
          }),
        );
        requested.push({ tenantId, userId });
      } catch (error) {
        if (!(error instanceof LastAdministratorError)) throw error;
        refusal = error;
      }
    }
  }
  await withJobLock(database, ERASURE_LOCK, () => erasePeople(deps));
  if (refusal) throw refusal;
  let pending = 0;
  for (const { tenantId, userId } of requested) {
    const erasure = await database.inTenant(tenantId, (tx) => findErasure(tx, tenantId, userId));
    if (erasure?.finishedAt === null) pending++;
  }
  return { erased: requested.length - pending, pending };
}
