import {
  type ApiKeyAuthentication,
  type ApiKeyRole,
  type ApiKeyRow,
  isDecoy,
} from '../store/auth/api-keys.ts';
import type { KeyLimits } from '../store/auth/key-limits.ts';
import { AllowedNetworks } from './allowed-networks.ts';
import type { Sealer } from './secrets.ts';

/** A key with its secrets opened, for the guard and the token endpoints. */
export interface ApiKey {
  tenantId: string;
  apiKey: string;
  apiKeyFolded: string;
  role: ApiKeyRole;
  authentication: ApiKeyAuthentication;
  secret: string;
  /** The version of `secret`. `previousSecret` has the version before it. */
  secretVersion: number;
  previousSecret: string | undefined;
  previousSecretExpiresAtMs: number;
  expiresAtMs: number;
  revoked: boolean;
  /** Undefined: all networks. */
  allowedNetworks: AllowedNetworks | undefined;
  /** The offices to which the key is bound. Undefined: all offices, and what belongs to none. */
  officeIds: ReadonlySet<string> | undefined;
  /** The rate limits that differ from the defaults. */
  limits: KeyLimits;
}

/** The context under which a key's secret is sealed. */
export function secretContext(tenantId: string, apiKeyFolded: string): string {
  return `api-key:${tenantId}:${apiKeyFolded}`;
}

/** The context of the secret of a decoy, which stands for an unknown key. */
const DECOY = 'decoy';

/** The sealed secret of a decoy, for look-ups of unknown ids. */
export function sealDecoy(secret: string, masterKey: Sealer): Buffer {
  return masterKey.seal(secret, DECOY);
}

/**
 * Opens the secrets of a key, or of a decoy. A key without a previous secret opens `decoySealed`, so that it takes the time
 * of one that has it.
 */
export function openApiKey(row: ApiKeyRow, masterKey: Sealer, decoySealed: Buffer): ApiKey {
  const context = isDecoy(row) ? DECOY : secretContext(row.tenantId, row.apiKeyFolded);
  const previous = row.previousSecretSealed
    ? masterKey.open(row.previousSecretSealed, context)
    : masterKey.open(decoySealed, DECOY);
  return {
    tenantId: row.tenantId,
    apiKey: row.apiKey,
    apiKeyFolded: row.apiKeyFolded,
    role: row.role,
    authentication: row.authentication,
    secret: masterKey.open(row.secretSealed, context),
    secretVersion: row.secretVersion,
    previousSecret: row.previousSecretSealed ? previous : undefined,
    previousSecretExpiresAtMs: row.previousSecretExpiresAt?.getTime() ?? 0,
    expiresAtMs: row.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY,
    revoked: row.revokedAt !== null,
    allowedNetworks: row.networks ? new AllowedNetworks(row.networks) : undefined,
    officeIds: row.locationIds ? new Set(row.locationIds) : undefined,
    limits: row.limits,
  };
}
