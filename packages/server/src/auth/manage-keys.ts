import { randomUUID } from 'node:crypto';
import { addOperatorEntry } from '../http/audit/operator.ts';
import {
  type ApiKeyAuthentication,
  type ApiKeyBindings,
  type ApiKeyRole,
  type ApiKeyRow,
  type ApiKeySettings,
  findApiKey,
  insertApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
  updateApiKeySettings,
} from '../store/auth/api-keys.ts';
import { lockAndCountActive } from '../store/auth/credentials.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { allOf } from './all-pages.ts';
import { secretContext } from './api-key.ts';
import { foldApiKey } from './credentials.ts';
import { type BindingFault, readBindings } from './key-bindings.ts';
import { type ChangedLimits, ownLimits } from './limits-of-keys.ts';
import { generateSecret, type Sealer } from './secrets.ts';

/** The most keys of an organisation that can be used at a time. Each program needs one. */
export const MOST_ACTIVE_KEYS = 1_000;

/** A key cannot be created, found or changed as requested. `message` is one sentence for the operator. */
export class KeyError extends Error {}

/** An organisation has as many keys or tokens as it may have. `message` is one sentence. */
export class TooManyError extends KeyError {}

/** A key cannot be bound to this. `member` is such as `networks/0`, and `fault` the rest of a sentence about it. */
export class BindingError extends KeyError {
  readonly member: string;
  readonly fault: string;

  constructor({ member, fault }: BindingFault) {
    super(`The key cannot be bound so: ${member} ${fault}.`);
    this.member = member;
    this.fault = fault;
  }
}

export interface NewKey extends Partial<ApiKeySettings> {
  tenantId: string;
  name: string;
  role: ApiKeyRole;
  authentication: ApiKeyAuthentication;
  /** An id and a secret that exist already in another system. Without them, the server generates new ones. */
  existing?: { apiKey: string; secret: string };
}

/** A key with its secret. No other call returns the secret. */
export interface ShownKey extends ApiKeyBindings {
  apiKey: string;
  secret: string;
  name: string;
  role: ApiKeyRole;
  authentication: ApiKeyAuthentication;
}

export const CREDENTIAL_STATES = ['active', 'revoked', 'expired'] as const;
export type CredentialState = (typeof CREDENTIAL_STATES)[number];

const LONGEST_API_KEY = 128;
const LONGEST_SECRET = 1_024;
const SHORTEST_STRONG_SECRET = 16;
const LONGEST_NAME = 200;
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** What makes secrets of keys, and says when. */
export interface KeyTools {
  masterKey: Sealer;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

interface Deps extends KeyTools {
  /** Connects as the owner. */
  owner: Database;
}

/** Throws `KeyError` if a secret that somebody else made is so short that it may be guessed. */
export function checkStrength(secret: string): void {
  if (Array.from(secret).length >= SHORTEST_STRONG_SECRET) return;
  throw new KeyError(
    `The secret has fewer than ${SHORTEST_STRONG_SECRET} characters, so others may guess it; give the client a longer one, ` +
      'or accept the risk with --weak.',
  );
}

/** Creates or imports a key. Throws `KeyError`. */
export function createKey(key: NewKey, { owner, ...tools }: Deps): Promise<ShownKey> {
  return owner.inTenant(key.tenantId, async (tx) => {
    const shown = await addKey(tx, key, tools);
    await addOperatorEntry(tx, 'key.created', {
      ...aboutKey({ ...key, ...shown }, tools),
      metadata: { role: shown.role, authentication: shown.authentication },
    });
    return shown;
  });
}

/** As `createKey`, in a transaction that has entered the key's organisation. */
export async function addKey(tx: Tx, key: NewKey, { masterKey, clock }: KeyTools): Promise<ShownKey> {
  const apiKey = key.existing?.apiKey ?? randomUUID();
  const secret = key.existing?.secret ?? generateSecret();
  checkNewKey({ ...key, apiKey, secret });
  const apiKeyFolded = foldApiKey(apiKey);
  const bindings = await checkedBindings(tx, key, {
    expiresAt: key.expiresAt ?? null,
    networks: key.networks ?? null,
    locationIds: key.locationIds ?? null,
  });
  if ((await lockAndCountActive(tx, 'api_keys', key.tenantId, new Date(clock()))) >= MOST_ACTIVE_KEYS) {
    throw new TooManyError(
      `The organisation has ${MOST_ACTIVE_KEYS} active keys, which is the most; revoke one that no program needs.`,
    );
  }
  const row = {
    tenantId: key.tenantId,
    apiKeyFolded,
    apiKey,
    name: key.name,
    role: key.role,
    authentication: key.authentication,
    secretSealed: masterKey.seal(secret, secretContext(key.tenantId, apiKeyFolded)),
    createdAt: new Date(clock()),
    ...bindings,
    limits: ownLimits(key.limits ?? {}),
  };
  if (!(await insertApiKey(tx, row))) throw new KeyError(`A key with the id ${apiKey} exists already.`);
  const { name, role, authentication } = row;
  return { apiKey, secret, name, role, authentication, ...bindings };
}

/** The bindings as they are stored. Throws `BindingError`. */
async function checkedBindings(
  tx: Tx,
  key: Pick<ApiKeyRow, 'tenantId' | 'role'>,
  { expiresAt, ...given }: ApiKeyBindings,
): Promise<ApiKeyBindings> {
  const read = await readBindings(tx, key, given);
  if ('fault' in read) throw new BindingError(read);
  return { expiresAt, ...read };
}

/** Changes of a key. Members that are left out stay. A limit of null is the default again; null as `limits` makes every limit the default. */
export interface KeyChanges extends Partial<ApiKeyBindings> {
  limits?: ChangedLimits | null;
}

/** Changes the settings of a key. Throws `KeyError`. */
export function changeKey(
  apiKey: string,
  changes: KeyChanges,
  { owner, clock }: Pick<Deps, 'owner' | 'clock'>,
): Promise<ApiKeyRow> {
  return withKey(apiKey, owner, async (tx, key) => {
    const changed = await changeSettings(tx, key, changes, clock());
    const metadata = { role: key.role, members: Object.keys(changes) };
    await addOperatorEntry(tx, 'key.changed', { ...aboutKey(key, { clock }), metadata });
    return changed;
  });
}

/** As `changeKey`, for a key of the organisation that the transaction has entered. */
export async function changeSettings(
  tx: Tx,
  key: ApiKeyRow,
  { limits, ...changes }: KeyChanges,
  nowMs: number,
): Promise<ApiKeyRow> {
  const state = stateOf(key, nowMs);
  if (state !== 'active') throw new KeyError(`The key ${key.apiKey} is ${state}; create a new one.`);
  const { expiresAt, networks, locationIds } = { ...key, ...changes };
  const bindings = await checkedBindings(tx, key, { expiresAt, networks, locationIds });
  const settings = { ...bindings, limits: limits === null ? {} : ownLimits({ ...key.limits, ...limits }) };
  await updateApiKeySettings(tx, key, settings);
  return { ...key, ...settings };
}

/** All keys of an organisation, without secrets, the oldest first. */
export async function keysOf(tenantId: string, owner: Database): Promise<ApiKeyRow[]> {
  const rows = await allOf((page) => owner.inTenant(tenantId, (tx) => listApiKeys(tx, tenantId, page)), {
    idOf: ({ apiKeyFolded }) => apiKeyFolded,
  });
  return rows.reverse();
}

/**
 * Gives a key a new secret. The former secret keeps working for `graceMs`; the secret before it stops. Throws
 * `KeyError`.
 */
export function rotateKey(
  { apiKey, graceMs }: { apiKey: string; graceMs: number },
  { owner, ...tools }: Deps,
): Promise<ShownKey> {
  return withKey(apiKey, owner, async (tx, key) => {
    const metadata = { role: key.role, graceS: Math.round(graceMs / 1_000) };
    await addOperatorEntry(tx, 'key.rotated', { ...aboutKey(key, tools), metadata });
    return replaceSecret(tx, key, graceMs, tools);
  });
}

/** As `rotateKey`, for a key of the organisation that the transaction has entered. */
export async function replaceSecret(
  tx: Tx,
  key: ApiKeyRow,
  graceMs: number,
  { masterKey, clock }: KeyTools,
): Promise<ShownKey> {
  if (key.revokedAt) throw new KeyError(`The key ${key.apiKey} is revoked; create a new one.`);
  const secret = generateSecret();
  const sealed = masterKey.seal(secret, secretContext(key.tenantId, key.apiKeyFolded));
  await rotateApiKey(tx, key.tenantId, key.apiKeyFolded, sealed, new Date(clock() + graceMs));
  const { apiKey, name, role, authentication, expiresAt, networks, locationIds } = key;
  return { apiKey, secret, name, role, authentication, expiresAt, networks, locationIds };
}

/** Revokes a key, at once and permanently. Throws `KeyError` if no key has this id. */
export async function revokeKey(
  apiKey: string,
  { owner, clock }: Omit<Deps, 'masterKey'>,
): Promise<ApiKeyRow> {
  return withKey(apiKey, owner, async (tx, key) => {
    await revokeApiKey(tx, key.tenantId, key.apiKeyFolded, new Date(clock()));
    await addOperatorEntry(tx, 'key.revoked', { ...aboutKey(key, { clock }), metadata: { role: key.role } });
    return key;
  });
}

/** Whether a key, or a token, may be used at `nowMs`. */
export function stateOf(
  { revokedAt, expiresAt }: Pick<ApiKeyRow, 'revokedAt' | 'expiresAt'>,
  nowMs: number,
): CredentialState {
  if (revokedAt) return 'revoked';
  return expiresAt && expiresAt.getTime() <= nowMs ? 'expired' : 'active';
}

/** A key as the target of an entry of the audit trail. */
function aboutKey(
  { tenantId, apiKey }: { tenantId: string; apiKey: string },
  { clock }: Pick<Deps, 'clock'>,
) {
  const target = { kind: 'key', reference: foldApiKey(apiKey), name: apiKey } as const;
  return { tenantId, targets: [target], atMs: clock() };
}

async function withKey<T>(
  apiKey: string,
  owner: Database,
  work: (tx: Tx, key: ApiKeyRow) => Promise<T>,
): Promise<T> {
  return owner.inSystem(async (tx) => {
    const key = await findApiKey(tx, foldApiKey(apiKey));
    if (!key) throw new KeyError(`There is no key with the id ${apiKey}.`);
    return work(tx, key);
  });
}

function checkNewKey({
  apiKey,
  secret,
  name,
  authentication,
}: NewKey & { apiKey: string; secret: string }): void {
  if (apiKey.length === 0 || apiKey.length > LONGEST_API_KEY || UNPRINTABLE.test(apiKey)) {
    throw new KeyError(`The id of a key must be 1 to ${LONGEST_API_KEY} printable characters.`);
  }
  if (secret.length === 0 || secret.length > LONGEST_SECRET || !secret.isWellFormed()) {
    throw new KeyError(`A secret must be 1 to ${LONGEST_SECRET} characters.`);
  }
  checkName('key', name);
  if (authentication === 'basic' && apiKey.includes(':')) {
    throw new KeyError(
      'The id of a key for HTTP Basic must not contain a colon, because in HTTP Basic the id ends at the first colon.',
    );
  }
}

/** Throws `KeyError` if `name` is not a valid name of a key or a token. */
export function checkName(of: 'key' | 'token', name: string): void {
  const fault = nameFault(name);
  if (fault !== undefined) throw new KeyError(`The name of a ${of} ${fault}.`);
}

/** Why a text is no name of a key or a token, as the rest of a sentence; undefined if it is one. */
export function nameFault(name: string): string | undefined {
  const isName = name.trim() !== '' && name.length <= LONGEST_NAME && !UNPRINTABLE.test(name);
  return isName ? undefined : `must be 1 to ${LONGEST_NAME} printable characters`;
}
