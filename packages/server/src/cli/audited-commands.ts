import type { AuditAction } from '../http/audit/actions.ts';

/** The commands that change an organisation, or read what is held about people, each with the action of its last entry. */
export const AUDITED_COMMANDS: Readonly<Record<string, AuditAction>> = {
  'admins create': 'account.invited',
  'admins disable': 'account.disabled',
  'admins enable': 'account.enabled',
  'admins list': 'people.listed',
  'admins reset': 'account.link-made',
  'audit keep': 'settings.changed',
  backup: 'backup.made',
  'erasures apply': 'person.erased',
  'events list': 'people.listed',
  'events retry': 'events.retried',
  'events tail': 'people.listed',
  export: 'export.read',
  'floor-plans import': 'import.ended',
  import: 'import.ended',
  'keys change': 'key.changed',
  'keys create': 'key.created',
  'keys import': 'key.created',
  'keys revoke': 'key.revoked',
  'keys rotate': 'key.rotated',
  'orgs create': 'organisation.created',
  'orgs quota': 'settings.changed',
  'people erase': 'person.erased',
  'people export': 'person.exported',
  restore: 'backup.restored',
  'retention set': 'settings.changed',
  'scim-tokens create': 'scim-token.created',
  'scim-tokens revoke': 'scim-token.revoked',
  'users list': 'people.listed',
  'visitors erase': 'visitor.erased',
};

const PLACES = 'it names places and groups, and nobody';
const NAMES_NOBODY = 'it names nobody';
const OF_SERVER = 'it changes the server, and nothing of an organisation; the log of the server has it';
const DERIVED = 'it computes numbers again, and shows nobody';

/** The other commands, each with the reason why it has no entry. */
export const UNAUDITED_COMMANDS: Readonly<Record<string, string>> = {
  'aggregates rebuild': DERIVED,
  'aggregates verify': DERIVED,
  'audit tail': 'a collector runs it all the time: it would read entries about itself without end',
  'audit verify': 'it shows entries only where they were changed',
  config: NAMES_NOBODY,
  demo: 'the people of its organisation do not exist',
  'desks list': PLACES,
  doctor: NAMES_NOBODY,
  'erasures export': 'it writes digests, and names nobody',
  'floor-plans export': PLACES,
  'groups list': PLACES,
  'instance renew': OF_SERVER,
  'jobs list': NAMES_NOBODY,
  'jobs run': 'the jobs do what the settings say, and the change of a setting has an entry',
  'keys list': NAMES_NOBODY,
  'locations list': PLACES,
  'master-key remove-old': OF_SERVER,
  'master-key rotate': OF_SERVER,
  'master-key status': NAMES_NOBODY,
  migrate: OF_SERVER,
  openapi: NAMES_NOBODY,
  'orgs list': NAMES_NOBODY,
  'retention show': NAMES_NOBODY,
  'scim-tokens list': NAMES_NOBODY,
  serve: 'the requests that it answers have entries',
  'service install': OF_SERVER,
  'service status': NAMES_NOBODY,
  'signing-keys list': NAMES_NOBODY,
  'signing-keys rotate': OF_SERVER,
  'spaces list': PLACES,
  submit: 'an event has its source and its key; entries for them would slow them down',
};
