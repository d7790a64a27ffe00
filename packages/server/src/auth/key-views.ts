import { Type } from 'typebox';
import { API_KEY_AUTHENTICATIONS, API_KEY_ROLES, type ApiKeyRow } from '../store/auth/api-keys.ts';
import { Instant, LastUse, MaybeInstant, State } from './credential-routes.ts';
import { stateOf } from './manage-keys.ts';

export const Role = Type.String({ enum: [...API_KEY_ROLES], description: 'the routes that the key may call' });
export const Authentication = Type.String({
  enum: [...API_KEY_AUTHENTICATIONS],
  description: 'hmac: logs in for a token; basic: HTTP Basic as well',
});

/** A key without its secrets. */
export const KeyView = Type.Object({
  apiKey: Type.String({ description: 'id of the key' }),
  name: Type.String(),
  role: Role,
  authentication: Authentication,
  state: State,
  secretVersion: Type.Integer({ description: '1 at first; each rotation adds one' }),
  createdAt: Instant,
  lastUsedAt: LastUse,
  expiresAt: MaybeInstant('when the key ends'),
  revokedAt: MaybeInstant('when the key was revoked'),
  previousSecretExpiresAt: MaybeInstant('until when the former secret works, after a rotation'),
});

/** A key with its secret. */
export const ShownKeyView = Type.Object({
  key: KeyView,
  secret: Type.String({ description: 'shown only now' }),
});

/** A key as `KeyView` shows it at `nowMs`. */
export function viewOf(row: ApiKeyRow, nowMs: number) {
  const { apiKey, name, role, authentication, secretVersion, createdAt } = row;
  return {
    apiKey,
    name,
    role,
    authentication,
    state: stateOf(row, nowMs),
    secretVersion,
    createdAt: createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    previousSecretExpiresAt: row.previousSecretExpiresAt?.toISOString() ?? null,
  };
}
