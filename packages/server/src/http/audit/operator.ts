import { type AuditSubject, addAuditEntries } from '../../store/audit/entries.ts';
import { enterTenant, type Tx } from '../../store/connections/db.ts';
import { organisationIds } from '../../store/directory/organisations.ts';
import type { AuditAction, AuditMetadata } from './actions.ts';
import { toEntry } from './entry.ts';

/** Who works with the command line. The server does not know people there. */
const OPERATOR: AuditSubject = { kind: 'operator', reference: 'command line', name: 'command line' };

/** The metadata of an entry for a list that a command prints. The entry comes before the rows. */
export function listedBy(
  list: 'accounts' | 'arriving-events' | 'refused-events' | 'users',
): AuditMetadata<'people.listed'> {
  return { list, filters: {}, rows: null, count: 1 };
}

/** Adds an entry of the operator to each organisation of the server, for what is done to the whole server. */
export async function addOperatorEntryToAll<Action extends AuditAction>(
  tx: Tx,
  action: Action,
  about: { metadata: AuditMetadata<Action>; atMs: number },
): Promise<void> {
  for (const tenantId of await organisationIds(tx))
    await addOperatorEntry(tx, action, { ...about, tenantId });
}

/** Adds the entry of a change that the operator makes with the command line, in the transaction of the change. */
export async function addOperatorEntry<Action extends AuditAction>(
  tx: Tx,
  action: Action,
  about: {
    tenantId: string;
    targets?: readonly AuditSubject[];
    metadata: AuditMetadata<Action>;
    atMs: number;
  },
): Promise<void> {
  const { tenantId, targets = [], metadata, atMs } = about;
  await enterTenant(tx, tenantId);
  const context = { address: null, userAgent: null, correlationId: null };
  await addAuditEntries(tx, [toEntry({ action, actor: OPERATOR, targets, context, metadata }, atMs)]);
}
