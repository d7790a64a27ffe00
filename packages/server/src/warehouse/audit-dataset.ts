import { AUDIT_ORDER, readAuditEntries } from '../store/audit/dataset.ts';
import { column } from './columns.ts';
import type { Dataset } from './dataset.ts';

/** The entries of the audit trail. */
export const auditDataset: Dataset = {
  path: 'audit',
  summary: 'The audit trail: who did and read what, by the UTC date of the entry',
  description:
    'One row for each entry, in the order of its time. A name is null if nobody knows it, or if it was forgotten. The ' +
    'days are those of UTC. The read of this dataset is an entry, too.',
  filters: ['dates', 'actions'],
  columns: {
    occurredAt: column.instant('ours'),
    entryId: column.id('ours'),
    action: column.text('ours', 'such as key.created; docs/audit.md lists them'),
    version: column.integer('ours', 'the version of the metadata of the action'),
    actorId: column.maybeId(
      'ours',
      'a random id of this organisation for who did it; null if nobody is known',
    ),
    actorKind: column.maybeText('ours', 'account, key, scim-token or operator'),
    actorName: column.maybeText('ours'),
    actorReference: column.maybeText('ours', 'the id of the account, key or token'),
    targets: column.objects('ours', 'to whom or to what: id, kind, reference and name of each'),
    address: column.maybeText('ours', 'the network address'),
    userAgent: column.maybeText('ours'),
    correlationId: column.maybeText('ours'),
    metadata: column.maybeObject('ours'),
  },
  key: ['entryId'],
  order: AUDIT_ORDER,
  hasRemovals: true,
  ofAdministrators: true,
  read: readAuditEntries,
};
