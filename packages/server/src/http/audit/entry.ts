import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { AuditContext, AuditSubject, NewAuditEntry } from '../../store/audit/entries.ts';
import { AUDIT_ACTIONS, type AuditAction, type AuditMetadata } from './actions.ts';

/** What is recorded of an action, besides who did it and when. */
export interface AuditDetails<Action extends AuditAction> {
  targets?: readonly AuditSubject[];
  metadata: AuditMetadata<Action>;
}

export interface AuditEvent<Action extends AuditAction = AuditAction> extends AuditDetails<Action> {
  action: Action;
  /** Null: the server itself, or nobody known. */
  actor: AuditSubject | null;
  context: AuditContext;
}

/** Users whom an entry names at most. */
export const MOST_TARGETS = 20;
const LONGEST_TEXT = 500;

/** A text as the database can keep it. */
function storable(text: string): string {
  return text.slice(0, LONGEST_TEXT).toWellFormed().replaceAll('\0', '\ufffd');
}

/** Metadata whose texts the database can keep: a query, too, may have any text. */
function storableMetadata(metadata: object): object {
  return JSON.parse(JSON.stringify(metadata), (_, value) =>
    typeof value === 'string' ? storable(value) : value,
  );
}

/** An entry for an event that happened at `atMs`. */
export function toEntry<Action extends AuditAction>(
  { action, actor, targets = [], context, metadata }: AuditEvent<Action>,
  atMs: number,
): NewAuditEntry {
  const subject = (isActor: boolean) => (of: AuditSubject) => ({
    ...of,
    reference: storable(of.reference),
    name: of.name === undefined ? undefined : storable(of.name),
    subjectId: randomUUID(),
    isActor,
  });
  return {
    entryId: randomUUID(),
    occurredAt: new Date(atMs),
    action,
    version: AUDIT_ACTIONS[action].version,
    subjects: [...(actor ? [subject(true)(actor)] : []), ...targets.map(subject(false))],
    context: { ...context, userAgent: context.userAgent === null ? null : storable(context.userAgent) },
    metadata: storableMetadata(metadata),
  };
}

/** The account of a session as a subject. */
export function accountSubject({ accountId, email }: { accountId: string; email?: string }): AuditSubject {
  return { kind: 'account', reference: accountId, name: email };
}

/** The caller of a request as a subject. */
export function callerSubject(caller: NonNullable<FastifyRequest['caller']>): AuditSubject {
  return caller.kind === 'account'
    ? accountSubject({ accountId: caller.accountId, email: caller.name })
    : { kind: caller.kind, reference: caller.nameFolded, name: caller.name };
}

/** How a request reached the server. */
export function contextOf({ ip, headers, id }: Pick<FastifyRequest, 'ip' | 'headers' | 'id'>): AuditContext {
  return { address: ip, userAgent: headers['user-agent'] ?? null, correlationId: id };
}

/** The context of several events together. The requests have different correlation ids. */
export function commonContext(one: AuditContext, other: AuditContext): AuditContext {
  return {
    address: one.address === other.address ? one.address : null,
    userAgent: one.userAgent === other.userAgent ? one.userAgent : null,
    correlationId: null,
  };
}
