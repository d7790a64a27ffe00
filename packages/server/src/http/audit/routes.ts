import type { AuditAction } from './actions.ts';

/** The operations other than GET that have an entry, each with its action. A test calls each of them and looks for the entry. */
export const AUDITED_CHANGES: Readonly<Record<string, AuditAction>> = {
  'POST /v1/session': 'session.begun',
  'POST /v1/session/link': 'session.begun',
  'POST /v1/session/passkey': 'session.begun',
  'POST /v1/session/openid/return': 'session.begun',
  'PATCH /v1/session': 'account.changed',
  'DELETE /v1/session': 'session.ended',
  'PUT /v1/session/password': 'account.password-changed',
  'DELETE /v1/session/sessions/:sessionId': 'session.ended',
  'POST /v1/session/passkeys': 'account.passkey-added',
  'DELETE /v1/session/passkeys/:passkeyId': 'account.passkey-removed',
  'DELETE /v1/session/identities/:identityId': 'account.identity-disconnected',
  'POST /v1/set-up': 'organisation.set-up',
  'POST /v1/manage/accounts': 'account.invited',
  'PATCH /v1/manage/accounts/:accountId': 'account.role-changed',
  'DELETE /v1/manage/accounts/:accountId': 'account.removed',
  'POST /v1/manage/accounts/:accountId/link': 'account.link-made',
  'DELETE /v1/manage/accounts/:accountId/sessions': 'session.ended',
  'POST /v1/manage/keys': 'key.created',
  'PATCH /v1/manage/keys/:apiKey': 'key.changed',
  'POST /v1/manage/keys/:apiKey/secret': 'key.rotated',
  'DELETE /v1/manage/keys/:apiKey': 'key.revoked',
  'POST /v1/manage/scim-tokens': 'scim-token.created',
  'DELETE /v1/manage/scim-tokens/:tokenId': 'scim-token.revoked',
  'POST /v1/manage/users/:userId/erasure': 'person.erased',
  'POST /v1/manage/visitors/export': 'visitor.exported',
  'POST /v1/manage/visitors/erasure': 'visitor.erased',
  'POST /v1/manage/refused-events/retry': 'events.retried',
  'PATCH /v1/manage/retention': 'settings.changed',
  'PATCH /v1/manage/organisation': 'settings.changed',
  'PATCH /v1/manage/locations/:locationId/settings': 'settings.changed',
  'POST /v1/manage/office-settings': 'settings.changed',
  'PUT /v1/manage/provisioning': 'settings.changed',
  'PUT /v1/directory-management/group-relationships': 'directory.changed',
  'PUT /v1/directory-management/group-relationships/basic': 'directory.changed',
  'POST /v1/directory-management/user-attributes': 'directory.changed',
  'POST /v1/directory-management/user-attributes/basic': 'directory.changed',
  'POST /v1/manage/locations': 'directory.changed',
  'PATCH /v1/manage/locations/:locationId': 'directory.changed',
  'POST /v1/manage/levels': 'directory.changed',
  'PATCH /v1/manage/levels/:levelId': 'directory.changed',
  'POST /v1/manage/zones': 'directory.changed',
  'PATCH /v1/manage/zones/:zoneId': 'directory.changed',
  'POST /v1/manage/desks': 'directory.changed',
  'PATCH /v1/manage/desks/:deskId': 'directory.changed',
  'POST /v1/manage/spaces': 'directory.changed',
  'PATCH /v1/manage/spaces/:spaceId': 'directory.changed',
  'POST /v1/manage/users': 'directory.changed',
  'PATCH /v1/manage/users/:userId': 'directory.changed',
  'PUT /v1/manage/users/:userId/week-plan': 'directory.changed',
  'POST /v1/manage/week-plans': 'directory.changed',
  'POST /v1/manage/desk-assignments': 'directory.changed',
  'PUT /v1/manage/desks/:deskId/assignment': 'directory.changed',
  'DELETE /v1/manage/desks/:deskId/assignment': 'directory.changed',
  'POST /v1/manage/imports/locations': 'import.begun',
  'POST /v1/manage/imports/desks': 'import.begun',
  'POST /v1/manage/imports/spaces': 'import.begun',
  'POST /v1/manage/imports/users': 'import.begun',
  'POST /v1/manage/imports/groups': 'import.begun',
  'POST /v1/manage/imports/week-plans': 'import.begun',
  'POST /v1/manage/imports/desk-assignments': 'import.begun',
  'POST /v1/manage/imports/access-credentials': 'import.begun',
  'POST /v1/manage/imports/floor-positions': 'import.begun',
};

const EVENTS = 'an event has its source and its key; entries for them would slow them down';
const DAYS = 'the action log has each change of a day, with its author';
const PLANS = 'a plan of desks names nobody, and says who changed it last';
const BEGINNING = 'it changes nothing yet; the operation that ends it has the entry';
const READING = 'it changes nothing';
const PROVISIONED =
  'the identity provider keeps a log of what it sends; the record of requests has its calls';

/** The operations that read rows of people with one entry for each answer. */
export const AUDITED_READS: Readonly<Record<string, AuditAction>> = {
  'GET /v1/manage/users/:userId/export': 'person.exported',
  'GET /v1/manage/audit': 'export.read',
};

/** The operations with a method of a change and without an entry, each with the reason. */
export const UNAUDITED_CHANGES: Readonly<Record<string, string>> = {
  'POST /v1/presence': EVENTS,
  'POST /v1/presence/basic': EVENTS,
  'POST /v1/occupancy': EVENTS,
  'POST /v1/timeoff': EVENTS,
  'POST /v1/visitor-arrival': EVENTS,
  'POST /v1/access-credentials': EVENTS,
  'POST /v1/session/passkey/options': BEGINNING,
  'POST /v1/session/passkeys/options': BEGINNING,
  'POST /v1/session/openid': BEGINNING,
  'POST /v1/manage/locations/:locationId/effects': READING,
  'POST /v1/manage/levels/:levelId/effects': READING,
  'POST /v1/manage/zones/:zoneId/effects': READING,
  'POST /v1/manage/desks/:deskId/effects': READING,
  'POST /v1/manage/spaces/:spaceId/effects': READING,
  'POST /v1/manage/users/:userId/effects': READING,
  'POST /v1/manage/retention/effects': READING,
  'POST /scim/v2/Users/.search': READING,
  'POST /scim/v2/Groups/.search': READING,
  'PUT /v1/manage/users/:userId/days/:day': DAYS,
  'DELETE /v1/manage/users/:userId/days/:day': DAYS,
  'DELETE /v1/manage/users/:userId/days/:day/booking': DAYS,
  'POST /v1/manage/days': DAYS,
  'POST /v1/manage/users/:userId/leaves': DAYS,
  'DELETE /v1/manage/users/:userId/leaves': DAYS,
  'DELETE /v1/manage/levels/:levelId/floor-plan': PLANS,
  'PUT /v1/manage/levels/:levelId/floor-plan/draft': PLANS,
  'DELETE /v1/manage/levels/:levelId/floor-plan/draft': PLANS,
  'POST /v1/manage/levels/:levelId/floor-plan/publication': PLANS,
  'POST /v1/manage/levels/:levelId/floor-plan/images': PLANS,
  'POST /v1/auth': 'clients log in before each call; failures have entries, and a key has its last use',
  'POST /v1/auth/token': 'as POST /v1/auth',
  'PATCH /v1/session/passkeys/:passkeyId': 'the name of a passkey is a label for its owner',
  'POST /scim/v2/Users': PROVISIONED,
  'PUT /scim/v2/Users/:id': PROVISIONED,
  'PATCH /scim/v2/Users/:id': PROVISIONED,
  'DELETE /scim/v2/Users/:id': PROVISIONED,
  'POST /scim/v2/Groups': PROVISIONED,
  'PUT /scim/v2/Groups/:id': PROVISIONED,
  'PATCH /scim/v2/Groups/:id': PROVISIONED,
  'DELETE /scim/v2/Groups/:id': PROVISIONED,
};

const OWN = 'people see what is their own';

/** The operations that answer with people and have no entry, each with the reason. */
export const UNAUDITED_READS: Readonly<Record<string, string>> = {
  'GET /v1/session': OWN,
  'GET /v1/session/identities': OWN,
};
