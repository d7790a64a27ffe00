import {
  type Category,
  DELETED,
  DERIVED,
  NO_RIGHT,
  NOBODY,
  SECRET,
  type Seers,
  UNLIMITED,
} from './category.ts';

const ADMINISTRATORS: Seers = { people: ['administrator'], keys: ['all'] };
const UNTIL_REMOVED = 'until the account is removed from its last organisation';

/** SQL of the accounts in the organisation that have one of the person's names. */
const ACCOUNTS = `CROSS JOIN LATERAL unnest(person.names) AS named (address)
      CROSS JOIN LATERAL organisation_accounts(NULL, named.address, '{}', NULL, NULL) AS t`;

/** SQL of what `lookUp` returns for each account that belongs to no other organisation. */
const ofOwnAccounts = (
  lookUp: string,
) => `CROSS JOIN LATERAL unnest(person.own_account_ids) AS own (account_id)
      CROSS JOIN LATERAL ${lookUp} AS t`;

/** The account with which a person signs in. */
export const ACCOUNT_CATEGORIES: readonly Category[] = [
  {
    name: 'account',
    title: 'the account with which the person signs in',
    table: 'accounts',
    purpose: 'to let the person sign in',
    source: 'an administrator, the person, or the identity provider',
    keptFor: UNTIL_REMOVED,
    erasure: 'deleted; if another organisation has it, too, the role here is taken away',
    seenBy: ADMINISTRATORS,
    from: ACCOUNTS,
    columns: {
      account_id: 'accountId',
      email: 'email',
      name: 'name',
      disabled_at: 'disabledAt',
      passkey_required: 'passkeyRequired',
    },
    joined: { hasPassword: 't.has_password', passkeys: 't.passkeys', identities: 't.identities' },
    leftOut: {
      email_folded: DERIVED,
      password_hash: SECRET,
      password_changed_at: NO_RIGHT,
      created_at: NO_RIGHT,
    },
    order: 't.email_folded',
  },
  {
    name: 'account-role',
    title: 'the role of the account in this organisation',
    table: 'account_roles',
    purpose: 'to decide what the person may see and change',
    source: 'an administrator, or the identity provider',
    keptFor: 'until the role is taken away',
    erasure: DELETED,
    seenBy: ADMINISTRATORS,
    from: ACCOUNTS,
    columns: {
      account_id: 'accountId',
      role: 'role',
      invited_at: 'invitedAt',
      accepted_at: 'acceptedAt',
    },
    joined: { fromClaim: 't.from_claim' },
    leftOut: { identity_id: 'the identity that brought the role; `fromClaim` says whether there is one' },
    order: 't.email_folded',
  },
  {
    name: 'identities',
    title: 'identities at identity providers, if the account is of this organisation alone',
    table: 'account_identities',
    purpose: 'to let the person sign in',
    source: 'the identity provider',
    keptFor: 'until the person disconnects it, or the account is removed',
    erasure: 'deleted with the account',
    seenBy: NOBODY,
    from: ofOwnAccounts('identities_of_account(own.account_id, NULL)'),
    columns: {
      identity_id: 'identityId',
      issuer: 'issuer',
      subject: 'subject',
      email: 'email',
      linked_at: 'linkedAt',
      last_used_at: 'lastUsedAt',
    },
    leftOut: { account_id: 'the account, which the category `account` has' },
    order: 't.linked_at, t.identity_id',
  },
  {
    name: 'passkeys',
    title: 'passkeys, if the account is of this organisation alone',
    table: 'passkeys',
    purpose: 'to let the person sign in',
    source: 'the person',
    keptFor: 'until the person removes it, or the account is removed',
    erasure: 'deleted with the account',
    seenBy: NOBODY,
    from: ofOwnAccounts('passkeys_of_account(own.account_id)'),
    columns: {
      name: 'name',
      backed_up: 'backedUp',
      transports: 'transports',
      created_at: 'createdAt',
      last_used_at: 'lastUsedAt',
    },
    leftOut: {
      account_id: 'the account, which the category `account` has',
      credential_id: SECRET,
      public_key: SECRET,
      sign_count: 'a count of the device, by which the server detects copies',
    },
    order: 't.created_at, t.credential_id',
  },
  {
    name: 'sessions',
    title: 'sessions with network address and browser, if the account is of this organisation alone',
    table: 'sessions',
    purpose: 'to keep the person signed in, and to show where',
    source: "the person's browser",
    keptFor: '12 hours without use, and 7 days at most',
    erasure: 'deleted with the account',
    seenBy: ADMINISTRATORS,
    from: ofOwnAccounts('sessions_of_account(own.account_id)'),
    columns: {
      session_id: 'sessionId',
      method: 'method',
      created_at: 'createdAt',
      last_used_at: 'lastUsedAt',
      address: 'address',
      user_agent: 'userAgent',
      proven_at: 'provenAt',
    },
    leftOut: {
      token_hash: SECRET,
      account_id: 'the account, which the category `account` has',
      identity_id: 'the identity, which the category `identities` has',
    },
    order: 't.created_at, t.session_id',
  },
];

/** Tables about people that no export has, with the reason. */
export interface WithheldTable {
  table: string;
  title: string;
  purpose: string;
  keptFor: string;
  /** What an erasure of the person does to it. */
  erasure: string;
  reason: string;
}

export const WITHHELD_TABLES: readonly WithheldTable[] = [
  {
    table: 'sign_in_networks',
    title: 'networks from which an account has signed in',
    purpose: 'to slow down guesses from elsewhere, and not the person',
    keptFor: '30 days after the last sign-in',
    erasure: 'deleted with the account',
    reason: NO_RIGHT,
  },
  {
    table: 'sign_in_links',
    title: 'one-time links by which an account signs in',
    purpose: 'to let the person sign in',
    keptFor: 'until they are over: 7 days at most',
    erasure: 'deleted with the account',
    reason: SECRET,
  },
  {
    table: 'user_numbers',
    title: 'a number for each user',
    purpose: 'to keep the aggregates small',
    keptFor: UNLIMITED,
    erasure: DELETED,
    reason: 'a number of the server, which names the person nowhere else',
  },
  {
    table: 'day_aggregates',
    title: 'who planned to come to an office on a day, and who was detected',
    purpose: 'to answer metrics fast',
    keptFor: 'as long as plans, bookings and presence events',
    erasure: 'counted again',
    reason: 'derived from plans, bookings and presence events, which the export has',
  },
  {
    table: 'replaced_users',
    title: 'the pseudonyms of somebody whose rows have moved to them',
    purpose:
      'to tell a warehouse which of its rows have a pseudonym now, and to count a person once in a year',
    keptFor: '90 days after the person was erased, or after all names of the year have ended',
    erasure: 'made by the erasure, with the id alone',
    reason: 'it has nothing but ids; the export has the rows of these pseudonyms',
  },
  {
    table: 'gone_users',
    title: 'the ids of users who were erased',
    purpose: 'to tell a warehouse to forget them',
    keptFor: '90 days',
    erasure: 'made by the erasure',
    reason: 'it has nothing but ids',
  },
  {
    table: 'erasures',
    title:
      'a digest of the id of each user who was erased, with the time and who asked for it; the id itself and what names the person, until the erasure is finished',
    purpose: 'so that a restored backup brings nobody back',
    keptFor: UNLIMITED,
    erasure: 'made by the erasure',
    reason: 'a digest, from which nobody can be read; the export has the id and the names',
  },
];
