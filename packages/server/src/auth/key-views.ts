import { Type } from 'typebox';
import { Maybe, OrNull } from '../http/schema.ts';
import { API_KEY_AUTHENTICATIONS, API_KEY_ROLES, type ApiKeyRow } from '../store/auth/api-keys.ts';
import { MOST_ALLOWED_NETWORKS } from './allowed-networks.ts';
import { Instant, LastUse, MaybeInstant, State } from './credential-routes.ts';
import { MOST_KEY_OFFICES } from './key-bindings.ts';
import { GivenLimits, ShownLimits } from './limits-of-keys.ts';
import { stateOf } from './manage-keys.ts';

export const Role = Type.String({
  enum: [...API_KEY_ROLES],
  description: 'the routes that the key may call',
});
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
  networks: OrNull(Type.Array(Type.String()), 'where it may be used from, in CIDR notation; null: anywhere'),
  locationIds: OrNull(Type.Array(Type.String()), 'ids of its offices; null: all offices'),
  revokedAt: MaybeInstant('when the key was revoked'),
  previousSecretExpiresAt: MaybeInstant('until when the former secret works, after a rotation'),
  limits: ShownLimits,
});

/** The networks, offices and limits of a body. */
export const SettingMembers = {
  networks: Maybe(
    Type.Array(Type.String(), {
      description:
        `1 to ${MOST_ALLOWED_NETWORKS} networks in CIDR notation, IPv4 or IPv6; the key may be used from them only. ` +
        'Without it: from anywhere',
    }),
  ),
  locationIds: Maybe(
    Type.Array(Type.String(), {
      description:
        `1 to ${MOST_KEY_OFFICES} ids of offices; the key submits events of these offices only, or reads their rows ` +
        'only. Not for the role all. Without it: of all offices',
    }),
  ),
  limits: Maybe(GivenLimits),
};

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
    networks: row.networks,
    locationIds: row.locationIds,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    previousSecretExpiresAt: row.previousSecretExpiresAt?.toISOString() ?? null,
    limits: row.limits,
  };
}
