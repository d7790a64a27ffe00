import { instantArray, textArray } from '../connections/binary-arrays.ts';
import { enterTenant, type Tx } from '../connections/db.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import { type CredentialPage, hasState } from './credentials.ts';
import { instant, type JsonOf } from './json-row.ts';
import type { KeyLimits } from './key-limits.ts';

export const API_KEY_ROLES = [
  'submitting-events',
  'visitor-only',
  'data-warehouse',
  'statistics',
  'all',
] as const;
export type ApiKeyRole = (typeof API_KEY_ROLES)[number];
export const API_KEY_AUTHENTICATIONS = ['hmac', 'basic'] as const;
/** `basic` stands for `Basic and HMAC`. */
export type ApiKeyAuthentication = (typeof API_KEY_AUTHENTICATIONS)[number];

/** What a key is bound to. Null: it is not bound. */
export interface ApiKeyBindings {
  /** When the key ends. */
  expiresAt: Date | null;
  /** The networks from which it may be used, in CIDR notation. */
  networks: string[] | null;
  /** The offices whose events it submits, or whose rows it reads. */
  locationIds: string[] | null;
}

/** What can be changed of a key, besides its secret. */
export interface ApiKeySettings extends ApiKeyBindings {
  /** The rate limits that differ from the defaults. */
  limits: KeyLimits;
}

export interface ApiKeyRow extends ApiKeySettings {
  tenantId: string;
  apiKeyFolded: string;
  apiKey: string;
  name: string;
  role: ApiKeyRole;
  authentication: ApiKeyAuthentication;
  secretSealed: Buffer;
  /** 1 at first. Each rotation adds one. The previous secret has the version before. */
  secretVersion: number;
  previousSecretSealed: Buffer | null;
  previousSecretExpiresAt: Date | null;
  createdAt: Date;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

const COLUMNS = `tenant_id AS "tenantId", api_key_folded AS "apiKeyFolded", api_key AS "apiKey", name, role,
  authentication, secret_sealed AS "secretSealed",
  secret_version AS "secretVersion", previous_secret_sealed AS "previousSecretSealed",
  previous_secret_expires_at AS "previousSecretExpiresAt", created_at AS "createdAt", expires_at AS "expiresAt",
  revoked_at AS "revokedAt", last_used_at AS "lastUsedAt", networks, location_ids AS "locationIds", limits`;

/** Finds and locks a key by its folded id. If it finds one, the transaction enters the key's organisation. */
export async function findApiKey(tx: Tx, apiKeyFolded: string): Promise<ApiKeyRow | undefined> {
  const { rows: tenants } = await tx.query<{ tenantId: string | null }>(
    'SELECT tenant_of_api_key($1) AS "tenantId"',
    [apiKeyFolded],
  );
  const tenantId = tenants[0]?.tenantId ?? null;
  if (tenantId === null) return undefined;
  await enterTenant(tx, tenantId);
  return lockApiKey(tx, tenantId, apiKeyFolded);
}

/** The id of no organisation. It has no rows, but the database looks for them. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** The statement of a pipeline that enters the organisation of a key. For an unknown id it enters one without rows. */
export function enterTenantOfApiKey(apiKeyFolded: string): PreparedStatement {
  return {
    name: 'enter tenant of api key',
    text: `SELECT set_config('rollcall.tenant_id', coalesce(tenant_of_api_key($1)::text, '${NOBODY}'), true)`,
    values: [apiKeyFolded],
  };
}

/**
 * The statements of a pipeline that find a key by its folded id. Pass the answer of the second statement to `readApiKey`. For an unknown id the answer is
 * the row of a decoy with this secret, so that both ids take the same steps.
 */
export function apiKeyLookUp(
  apiKeyFolded: string,
  decoySealed: Buffer,
): [PreparedStatement, PreparedStatement] {
  return [
    enterTenantOfApiKey(apiKeyFolded),
    {
      name: 'look up api key',
      text: `SELECT to_jsonb(k) FROM (
               SELECT ${COLUMNS} FROM (
                 SELECT current_tenant_id() AS tenant_id, wanted.api_key_folded,
                        coalesce(k.api_key, wanted.api_key_folded) AS api_key, coalesce(k.name, '') AS name,
                        coalesce(k.role, 'all') AS role, coalesce(k.authentication, 'basic') AS authentication,
                        coalesce(k.secret_sealed, $2::bytea) AS secret_sealed,
                        coalesce(k.secret_version, 1) AS secret_version, k.previous_secret_sealed,
                        k.previous_secret_expires_at, coalesce(k.created_at, 'epoch') AS created_at, k.expires_at,
                        k.revoked_at, coalesce(k.last_used_at, 'epoch') AS last_used_at, k.networks, k.location_ids,
                        coalesce(k.limits, '{}') AS limits
                 FROM (SELECT $1::text AS api_key_folded) AS wanted
                 LEFT JOIN api_keys k ON k.tenant_id = current_tenant_id() AND k.api_key_folded = wanted.api_key_folded
               ) AS found) AS k`,
      values: [apiKeyFolded, decoySealed],
    },
  ];
}

/** Whether a row of a look-up is the decoy for an unknown id. */
export function isDecoy({ tenantId }: Pick<ApiKeyRow, 'tenantId'>): boolean {
  return tenantId === NOBODY;
}

/** The key in the answer of a look-up. Throws if the answer is missing. */
export function readApiKey(answer: string | undefined): ApiKeyRow {
  if (answer === undefined) throw new Error('The database did not answer the look-up of a key.');
  const row = JSON.parse(answer) as JsonOf<ApiKeyRow>;
  const bytes = (hex: string) => Buffer.from(hex.slice(2), 'hex');
  return {
    ...row,
    secretSealed: bytes(row.secretSealed),
    previousSecretSealed: row.previousSecretSealed === null ? null : bytes(row.previousSecretSealed),
    previousSecretExpiresAt: instant(row.previousSecretExpiresAt),
    createdAt: new Date(row.createdAt),
    expiresAt: instant(row.expiresAt),
    revokedAt: instant(row.revokedAt),
    lastUsedAt: instant(row.lastUsedAt),
  };
}

/** A page of the keys of an organisation, the newest first. */
export async function listApiKeys(
  tx: Tx,
  tenantId: string,
  { state, after, limit }: CredentialPage,
): Promise<ApiKeyRow[]> {
  const { rows } = await tx.query<ApiKeyRow>(
    `SELECT ${COLUMNS} FROM api_keys
     WHERE tenant_id = $1 AND ${hasState('$6', '$2')}
       AND ($3::timestamptz IS NULL OR (created_at, api_key_folded) < ($3, $4::text))
     ORDER BY created_at DESC, api_key_folded DESC LIMIT $5`,
    [tenantId, state?.at ?? null, after?.at ?? null, after?.id ?? null, limit, state?.isActive ?? null],
  );
  return rows;
}

type KeyState = Pick<ApiKeyRow, 'apiKey' | 'role' | 'expiresAt' | 'revokedAt' | 'locationIds'>;

/** A key of an organisation without its secrets; undefined if it has none with this folded id. */
export async function getKeyState(
  tx: Tx,
  tenantId: string,
  apiKeyFolded: string,
): Promise<KeyState | undefined> {
  const { rows } = await tx.query<KeyState>(
    `SELECT api_key AS "apiKey", role, expires_at AS "expiresAt", revoked_at AS "revokedAt",
            location_ids AS "locationIds"
     FROM api_keys WHERE tenant_id = $1 AND api_key_folded = $2`,
    [tenantId, apiKeyFolded],
  );
  return rows[0];
}

/** The key of an organisation with this folded id, locked; undefined if there is none. */
export async function lockApiKey(
  tx: Tx,
  tenantId: string,
  apiKeyFolded: string,
): Promise<ApiKeyRow | undefined> {
  const { rows } = await tx.query<ApiKeyRow>(
    `SELECT ${COLUMNS} FROM api_keys WHERE tenant_id = $1 AND api_key_folded = $2 FOR UPDATE`,
    [tenantId, apiKeyFolded],
  );
  return rows[0];
}

/** Inserts a key of the organisation that the transaction has entered. Returns false if any organisation has its id. */
export async function insertApiKey(
  tx: Tx,
  key: Pick<
    ApiKeyRow,
    | 'tenantId'
    | 'apiKeyFolded'
    | 'apiKey'
    | 'name'
    | 'role'
    | 'authentication'
    | 'secretSealed'
    | 'createdAt'
    | keyof ApiKeySettings
  >,
): Promise<boolean> {
  const { rows } = await tx.query<{ isFree: boolean }>('SELECT reserve_api_key($1) AS "isFree"', [
    key.apiKeyFolded,
  ]);
  if (!rows[0]?.isFree) return false;
  await tx.query(
    `INSERT INTO api_keys (tenant_id, api_key_folded, api_key, name, role, authentication, secret_sealed, created_at, expires_at,
                           networks, location_ids, limits)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      key.tenantId,
      key.apiKeyFolded,
      key.apiKey,
      key.name,
      key.role,
      key.authentication,
      key.secretSealed,
      key.createdAt,
      key.expiresAt,
      key.networks,
      key.locationIds,
      key.limits,
    ],
  );
  return true;
}

/** Replaces the settings of a key. */
export async function updateApiKeySettings(
  tx: Tx,
  { tenantId, apiKeyFolded }: Pick<ApiKeyRow, 'tenantId' | 'apiKeyFolded'>,
  { expiresAt, networks, locationIds, limits }: ApiKeySettings,
): Promise<void> {
  await tx.query(
    `UPDATE api_keys SET expires_at = $3, networks = $4, location_ids = $5, limits = $6
     WHERE tenant_id = $1 AND api_key_folded = $2`,
    [tenantId, apiKeyFolded, expiresAt, networks, locationIds, limits],
  );
}

/** Replaces the secret. The former secret works until `previousSecretExpiresAt`. */
export async function rotateApiKey(
  tx: Tx,
  tenantId: string,
  apiKeyFolded: string,
  secretSealed: Buffer,
  previousSecretExpiresAt: Date,
): Promise<void> {
  await tx.query(
    `UPDATE api_keys SET previous_secret_sealed = secret_sealed, previous_secret_expires_at = $4, secret_sealed = $3,
       secret_version = secret_version + 1
     WHERE tenant_id = $1 AND api_key_folded = $2`,
    [tenantId, apiKeyFolded, secretSealed, previousSecretExpiresAt],
  );
}

/** Revokes a key. A key that is revoked already keeps the time of its first revocation. */
export async function revokeApiKey(tx: Tx, tenantId: string, apiKeyFolded: string, at: Date): Promise<void> {
  await tx.query(
    'UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3) WHERE tenant_id = $1 AND api_key_folded = $2',
    [tenantId, apiKeyFolded, at],
  );
}

/** The statements that store when keys were last used. A later time that another replica has stored stays. */
export function apiKeyUsesUpdate(
  tenantId: string,
  uses: readonly { apiKeyFolded: string; usedAtMs: number }[],
): PreparedStatement[] {
  return [
    {
      name: 'note uses of keys',
      text: `UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, u.used_at)
             FROM unnest($2::text[], $3::timestamptz[]) AS u (api_key_folded, used_at)
             WHERE k.tenant_id = $1 AND k.api_key_folded = u.api_key_folded AND current_tenant_id() = $1`,
      values: [
        tenantId,
        textArray(uses.map(({ apiKeyFolded }) => apiKeyFolded)),
        instantArray(uses.map(({ usedAtMs }) => usedAtMs * 1_000)),
      ],
    },
  ];
}
