import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { SESSION_METHODS } from '../../store/auth/sessions.ts';
import { REFUSALS } from '../errors.ts';

/** An action that the audit trail knows. */
export interface ActionOf<Metadata extends TSchema> {
  /** Counts changes of the meaning or the members of `metadata`. */
  version: number;
  /** A sentence without its actor, for people. */
  title: string;
  metadata: Metadata;
}

const action = <Members extends TProperties>(title: string, members: Members, version = 1) => ({
  version,
  title,
  metadata: Type.Object(members, { additionalProperties: false }),
});

const Count = Type.Integer({ minimum: 1, description: 'how often it happened, within a minute' });
const Method = Type.String({ enum: [...SESSION_METHODS] });
const Members = Type.Array(Type.String(), { description: 'the members that were set' });
const By = Type.String({ enum: ['email', 'name'], description: 'how the visitor was named' });
const Complete = Type.Boolean({ description: 'false: the transfer broke off' });

/**
 * Every action of the audit trail. An action keeps its name for ever. A change of its metadata is a new version. A new kind
 * of change needs an action here, and its routes in routes.ts.
 */
export const AUDIT_ACTIONS = {
  'session.begun': action('signed in', { method: Method }),
  'session.failed': action('could not sign in', { method: Type.String(), count: Count }),
  'session.ended': action('ended sessions', {
    sessions: Type.String({ enum: ['own', 'one', 'all'] }),
  }),
  'key.failed': action('a login with the key failed', {
    method: Type.String(),
    count: Count,
    wrongNetwork: Type.Boolean({ description: 'the secret was right, but the network was not' }),
  }),
  'access.refused': action('was refused', {
    operation: Type.String({ description: 'method and path' }),
    rule: Type.Union([Type.String({ enum: [...REFUSALS] }), Type.Null()]),
    count: Count,
  }),
  'account.invited': action('invited a person', { role: Type.String() }),
  'account.role-changed': action("changed a person's role", { role: Type.String() }),
  'account.role-claimed': action('got or lost a role by a claim of the identity provider', {
    before: Type.Union([Type.String(), Type.Null()], { description: 'null: no role before' }),
    role: Type.Union([Type.String(), Type.Null()], { description: 'null: no role any more' }),
  }),
  'account.removed': action('removed a person', {}),
  'account.link-made': action('made a sign-in link for a person', {}),
  'account.disabled': action('disabled an account', {}),
  'account.enabled': action('enabled an account', {}),
  'account.changed': action('changed the own account', { members: Members }),
  'account.password-changed': action('changed the own password', {}),
  'account.passkey-added': action('added a passkey', {}),
  'account.passkey-removed': action('removed a passkey', {}),
  'account.identity-connected': action('connected an identity', {}),
  'account.identity-disconnected': action('disconnected an identity', {}),
  'organisation.set-up': action('set the server up', {}),
  'organisation.created': action('created the organisation', {}),
  'key.created': action('created a key', { role: Type.String(), authentication: Type.String() }),
  'key.changed': action('changed a key', { role: Type.String(), members: Members }),
  'key.rotated': action('gave a key a new secret', { role: Type.String(), graceS: Type.Integer() }),
  'key.revoked': action('revoked a key', { role: Type.String() }),
  'scim-token.created': action('created a SCIM token', {}),
  'scim-token.revoked': action('revoked a SCIM token', {}),
  'settings.changed': action('changed settings', {
    of: Type.String({ enum: ['organisation', 'office', 'offices', 'provisioning', 'retention'] }),
    locationId: Type.Union([Type.String(), Type.Null()]),
    members: Members,
  }),
  'directory.changed': action('changed the directory', {
    kind: Type.String(),
    items: Type.Integer({ description: 'users, places or groups that were sent' }),
  }),
  'import.begun': action('began an import', { kind: Type.String(), strict: Type.Boolean() }),
  'import.ended': action(
    'ended an import',
    {
      kind: Type.String(),
      rows: Type.Integer({ description: 'rows that are stored; of a failed import, as far as it is known' }),
      refused: Type.Integer(),
      complete: Type.Boolean({ description: 'false: it failed or was interrupted before its end' }),
    },
    2,
  ),
  'events.retried': action('tried refused events again', {
    mended: Type.Integer({ description: 'events that are stored now' }),
    refused: Type.Integer({ description: 'events that were refused again' }),
    skipped: Type.Integer({ description: 'events that were not tried' }),
    complete: Type.Boolean({ description: 'false: it failed or was interrupted before its end' }),
  }),
  'export.read': action('read an export', {
    dataset: Type.String(),
    format: Type.String(),
    filters: Type.Record(Type.String(), Type.String(), {
      description: 'as they were sent, without ids of users, which are targets',
    }),
    users: Type.Integer({ description: 'how many users the filter names; at most 20 are targets' }),
    rows: Type.Integer(),
    complete: Complete,
  }),
  'people.listed': action(
    'listed people',
    {
      list: Type.String({
        description:
          'the operation; with the command line accounts, arriving-events, refused-events or users',
      }),
      filters: Type.Record(Type.String(), Type.String(), {
        description: 'those that name nobody, and that are the same in all of the requests',
      }),
      rows: Type.Union([Type.Integer(), Type.Null()], {
        description: 'of all requests together; null: with the command line',
      }),
      count: Count,
    },
    2,
  ),
  'backup.made': action('made a backup', {
    encrypted: Type.Boolean(),
    masterKey: Type.Boolean({ description: 'whether the file holds the master key' }),
  }),
  'backup.restored': action('restored a backup', {
    createdAt: Type.String({ description: 'when the backup was made' }),
  }),
  'person.exported': action('exported what is held about a person', { complete: Complete }),
  'person.erased': action('asked for the erasure of a person', {}),
  'visitor.exported': action('exported what is held about a visitor', { by: By, complete: Complete }),
  'visitor.erased': action('erased a visitor', {
    by: By,
    arrivals: Type.Integer(),
    refusedEvents: Type.Integer(),
  }),
  'person.viewed': action('looked at a person', {
    view: Type.String({ description: 'the operation' }),
    count: Count,
  }),
  'audit.lost': action('entries were lost', {
    entries: Type.Integer({
      description: 'entries that the server could not keep while it could not store them',
    }),
  }),
} as const satisfies Record<string, ActionOf<TSchema>>;

export type AuditAction = keyof typeof AUDIT_ACTIONS;
export type AuditMetadata<Action extends AuditAction> = Static<(typeof AUDIT_ACTIONS)[Action]['metadata']>;

/** The actions, in the order of the registry. */
export const ACTION_NAMES = Object.keys(AUDIT_ACTIONS) as AuditAction[];
