import type { Category, Seers } from './category.ts';

const ADMINISTRATORS: Seers = { people: ['administrator'], keys: ['all'] };
const KEPT_FOR = '13 months, unless the operator has set another time (`rollcall audit keep`)';

/** SQL: whether the subject `s` is the person, by user or by own account. */
const IS_PERSON = `s.tenant_id = person.tenant_id AND (
        s.kind = 'user' AND s.reference = person.user_id::text
        OR s.kind = 'account' AND s.reference = ANY (person.own_account_ids::text[]))`;

/** What the audit trail has of a person. */
export const AUDIT_CATEGORIES: readonly Category[] = [
  {
    name: 'audit-subject',
    title: 'the random ids that stand for the person in the audit trail',
    table: 'audit_subjects',
    purpose: 'to show whom an entry of the audit trail names, and to forget it without changing the entry',
    source: 'the server, at the first entry',
    keptFor: 'until the last entry about the person is deleted, or the person is forgotten',
    erasure: 'the id stays, without what it stands for',
    seenBy: ADMINISTRATORS,
    from: `JOIN audit_subjects AS t ON EXISTS (SELECT FROM audit_subjects s
        WHERE s.tenant_id = t.tenant_id AND s.subject_id = t.subject_id AND ${IS_PERSON})`,
    columns: { subject_id: 'subjectId', kind: 'kind', reference: 'reference', name: 'name' },
    order: 't.subject_id',
  },
  {
    name: 'audit',
    title:
      'what the person did, and who looked at or changed something about the person, with address and browser',
    table: 'audit_entries',
    purpose: 'to show afterwards who did and read what',
    source: 'the server, at each action',
    keptFor: KEPT_FOR,
    erasure: 'kept, and names nobody; address and browser stay until the entry is deleted',
    seenBy: ADMINISTRATORS,
    from: `JOIN audit_entries AS t ON t.tenant_id = person.tenant_id AND EXISTS (SELECT FROM audit_subjects s
        WHERE ${IS_PERSON} AND (s.subject_id = t.actor_id OR s.subject_id = ANY (t.target_ids)))
      LEFT JOIN audit_subjects AS actor ON actor.tenant_id = t.tenant_id AND actor.subject_id = t.actor_id`,
    columns: {
      occurred_at: 'occurredAt',
      entry_id: 'entryId',
      action: 'action',
      version: 'version',
      actor_id: 'actorId',
      target_ids: 'targetIds',
      metadata: 'metadata',
    },
    joined: {
      actorKind: 'actor.kind',
      context: `CASE WHEN EXISTS (SELECT FROM audit_subjects s WHERE ${IS_PERSON} AND s.subject_id = t.actor_id) THEN t.context END`,
    },
    leftOut: { context: 'in `context` where the person acted; else it is about another person' },
    order: 't.occurred_at, t.entry_id',
  },
];
