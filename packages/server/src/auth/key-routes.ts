import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { Page, pageOf } from '../http/bulk.ts';
import { HttpProblem } from '../http/errors.ts';
import { Maybe, problems } from '../http/schema.ts';
import {
  API_KEY_AUTHENTICATIONS,
  API_KEY_ROLES,
  type ApiKeyAuthentication,
  type ApiKeyRole,
  type ApiKeyRow,
  listApiKeys,
  lockApiKey,
  revokeApiKey,
} from '../store/auth/api-keys.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import type { Caller } from './caller.ts';
import {
  CredentialQuery,
  checkedExpiry,
  checkedName,
  conflictIfTooMany,
  credentialPosition,
  Instant,
  LastUse,
  logChange,
  MaybeInstant,
  Name,
  NewExpiry,
  readCredentialPage,
  State,
} from './credential-routes.ts';
import { foldApiKey } from './credentials.ts';
import { callerOf } from './guard.ts';
import { addKey, MOST_ACTIVE_KEYS, replaceSecret, stateOf } from './manage-keys.ts';
import { manageableRoles } from './managed-keys.ts';
import { CONFIG } from './management.ts';
import type { Sealer } from './secrets.ts';

export interface KeyRoutesOptions {
  database: Database;
  masterKey: Sealer;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

const Role = Type.String({ enum: [...API_KEY_ROLES], description: 'the routes that the key may call' });
const Authentication = Type.String({
  enum: [...API_KEY_AUTHENTICATIONS],
  description: 'hmac: logs in for a token; basic: HTTP Basic as well',
});

const KeyView = Type.Object({
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

const ShownKeyView = Type.Object({
  key: KeyView,
  secret: Type.String({ description: 'shown only now' }),
});

const KeyPath = Type.Object({ apiKey: Type.String() });
type KeyPath = Static<typeof KeyPath>;
const DOCUMENTED = { tags: ['Keys'], security: [{ bearer: [] }] };
const DAY_S = 86_400;
const LONGEST_GRACE_S = 30 * DAY_S;

/** The keys of an organisation. A caller changes only keys whose powers it has itself. */
export const keyRoutes: FastifyPluginAsyncTypebox<KeyRoutesOptions> = async (
  app,
  { database, masterKey, clock },
) => {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/keys',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List the keys, the newest first, with those that ended',
      querystring: Type.Object(CredentialQuery),
      response: {
        200: Type.Object({
          ...Page(KeyView).properties,
          manageableRoles: Type.Array(Role, {
            description: 'the caller may create, rotate and revoke keys with these roles',
          }),
        }),
        ...problems(400, 401, 403, 503),
      },
    },
    handler: async (request) => {
      const caller = callerOf(request);
      const nowMs = clock();
      const { page, limit } = readCredentialPage(request.query, nowMs);
      const rows = await database.inTenant(caller.tenantId, (tx) => listApiKeys(tx, caller.tenantId, page));
      const { items, next } = pageOf(rows, { limit }, (row) =>
        credentialPosition(row.createdAt, row.apiKeyFolded),
      );
      return {
        items: items.map((row) => viewOf(row, nowMs)),
        next,
        manageableRoles: [...manageableRoles(caller)],
      };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/manage/keys',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Create a key; the answer has the secret, which no other answer has',
      description: `The caller must have the powers of the role itself. An organisation has at most ${MOST_ACTIVE_KEYS} active keys.`,
      body: Type.Object({ name: Name, role: Role, authentication: Authentication, expiresAt: NewExpiry }),
      response: { 201: ShownKeyView, ...problems(400, 401, 403, 408, 409, 413, 415, 503) },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const role = request.body.role as ApiKeyRole;
      requirePower(caller, role);
      const key = {
        tenantId,
        name: checkedName(request.body.name),
        role,
        authentication: request.body.authentication as ApiKeyAuthentication,
        expiresAt: checkedExpiry(request.body.expiresAt, clock()),
      };
      const shown = await database.inTenant(tenantId, async (tx) => {
        const { apiKey, secret } = await addKey(tx, key, { masterKey, clock }).catch(conflictIfTooMany);
        return { secret, key: viewOf(await keyOf(tx, tenantId, apiKey), clock()) };
      });
      logChange(request, 'a key was created', { changedKey: shown.key.apiKey, role });
      return reply.code(201).send(shown);
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/manage/keys/:apiKey/secret',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Rotate a key: give it a new secret, which no other answer has',
      description:
        'The former secret and its tokens work for `graceS` seconds more. A secret before the former one stops at once. ' +
        'With `secretVersion`, the answer is 409 if somebody else has rotated the key since.',
      params: KeyPath,
      body: Type.Object({
        graceS: Maybe(
          Type.Integer({ minimum: 0, maximum: LONGEST_GRACE_S, description: '24 hours if it is missing' }),
        ),
        secretVersion: Maybe(Type.Integer({ description: 'the version that the caller replaces' })),
      }),
      response: { 201: ShownKeyView, ...problems(400, 401, 403, 404, 408, 409, 413, 415, 503) },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const { graceS, secretVersion } = request.body;
      const shown = await database.inTenant(tenantId, async (tx) => {
        const row = await managedKey(tx, caller, request.params);
        if (row.revokedAt) throw new HttpProblem(409, 'The key is revoked; create a new one.');
        if ((secretVersion ?? row.secretVersion) !== row.secretVersion) {
          throw new HttpProblem(
            409,
            'The key has another secret already: somebody has rotated it meanwhile.',
          );
        }
        const { apiKey, secret } = await replaceSecret(tx, row, (graceS ?? DAY_S) * 1_000, {
          masterKey,
          clock,
        });
        return { secret, key: viewOf(await keyOf(tx, tenantId, apiKey), clock()) };
      });
      logChange(request, 'a key was rotated', { changedKey: shown.key.apiKey, role: shown.key.role });
      return reply.code(201).send(shown);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/manage/keys/:apiKey',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Revoke a key, at once and for good, with all its tokens',
      description: 'The key stays in the list. A key that is revoked already stays as it is.',
      params: KeyPath,
      response: { 204: Type.Null(), ...problems(401, 403, 404, 503) },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { apiKey, role } = await database.inTenant(caller.tenantId, async (tx) => {
        const row = await managedKey(tx, caller, request.params);
        await revokeApiKey(tx, row.tenantId, row.apiKeyFolded, new Date(clock()));
        return row;
      });
      logChange(request, 'a key was revoked', { changedKey: apiKey, role });
      return reply.code(204).send(null);
    },
  });
};

/** The key that a path names, locked. Throws a 404, and a 403 if the caller may not manage it. */
async function managedKey(tx: Tx, caller: Caller, { apiKey }: KeyPath): Promise<ApiKeyRow> {
  const row = await keyOf(tx, caller.tenantId, apiKey);
  requirePower(caller, row.role);
  return row;
}

async function keyOf(tx: Tx, tenantId: string, apiKey: string): Promise<ApiKeyRow> {
  // PostgreSQL's text cannot hold NUL.
  const row = apiKey.includes('\0') ? undefined : await lockApiKey(tx, tenantId, foldApiKey(apiKey));
  if (!row) throw new HttpProblem(404, 'There is no key with this id in the organisation.');
  return row;
}

/** Throws a 403 unless the caller has the powers of the role itself. */
function requirePower(caller: Caller, role: ApiKeyRole): void {
  const roles = manageableRoles(caller);
  if (roles.includes(role)) return;
  throw new HttpProblem(
    403,
    `You may not manage keys with the role ${role}, because you do not have their powers; roles that you may manage: ` +
      `${roles.join(', ')}.`,
  );
}

function viewOf(row: ApiKeyRow, nowMs: number) {
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
