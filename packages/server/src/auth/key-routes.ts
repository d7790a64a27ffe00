import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { Page, pageOf } from '../http/bulk.ts';
import { HttpProblem, malformedMember } from '../http/errors.ts';
import { Maybe, problems } from '../http/schema.ts';
import type { AuditSubject } from '../store/audit/entries.ts';
import {
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
  logChange,
  Name,
  NewExpiry,
  readCredentialPage,
} from './credential-routes.ts';
import { foldApiKey } from './credentials.ts';
import { callerOf } from './guard.ts';
import { Authentication, KeyView, Role, SettingMembers, ShownKeyView, viewOf } from './key-views.ts';
import { LIMITS_OF_ALL, limitsOfAll, ownLimits, requireGrantable } from './limits-of-keys.ts';
import {
  addKey,
  BindingError,
  changeSettings,
  KeyError,
  MOST_ACTIVE_KEYS,
  replaceSecret,
} from './manage-keys.ts';
import { manageableRoles, requirePower } from './managed-keys.ts';
import { CONFIG } from './management.ts';
import type { Sealer } from './secrets.ts';

export interface KeyRoutesOptions {
  database: Database;
  masterKey: Sealer;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

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
            description: 'the caller may create, change, rotate and revoke keys with these roles',
          }),
          ...LIMITS_OF_ALL,
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
        ...limitsOfAll(),
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
      body: Type.Object({
        name: Name,
        role: Role,
        authentication: Authentication,
        expiresAt: NewExpiry,
        ...SettingMembers,
      }),
      response: { 201: ShownKeyView, ...problems(400, 401, 403, 408, 409, 413, 415, 503) },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const role = request.body.role as ApiKeyRole;
      requirePower(caller, role);
      const limits = request.body.limits ?? {};
      requireGrantable(limits, {});
      const key = {
        tenantId,
        name: checkedName(request.body.name),
        role,
        authentication: request.body.authentication as ApiKeyAuthentication,
        expiresAt: checkedExpiry(request.body.expiresAt, clock()) ?? null,
        networks: request.body.networks ?? null,
        locationIds: request.body.locationIds ?? null,
        limits: ownLimits(limits),
      };
      const shown = await database.inTenant(tenantId, async (tx) => {
        const { apiKey, secret } = await addKey(tx, key, { masterKey, clock })
          .catch(malformedIfBinding)
          .catch(conflictIfTooMany);
        await app.audit.add(tx, request, 'key.created', {
          targets: [keySubject(apiKey)],
          metadata: { role, authentication: key.authentication },
        });
        return { secret, key: viewOf(await keyOf(tx, tenantId, apiKey), clock()) };
      });
      logChange(request, 'a key was created', { changedKey: shown.key.apiKey, role });
      return reply.code(201).send(shown);
    },
  });

  app.route({
    method: 'PATCH',
    url: '/v1/manage/keys/:apiKey',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Change what a key is bound to, and its rate limits',
      description:
        'Members that are left out stay; null removes a binding, and makes a limit the default again. Every replica has the ' +
        'change within a second. The caller must have the powers of the role itself. A key that ended is a 409. A key has at ' +
        'most the limits of the organisation; `rollcall keys change` gives more.',
      params: KeyPath,
      body: Type.Object({ expiresAt: NewExpiry, ...SettingMembers }),
      response: { 200: KeyView, ...problems(400, 401, 403, 404, 408, 409, 413, 415, 503) },
    },
    handler: async (request) => {
      const caller = callerOf(request);
      const { expiresAt, networks, locationIds, limits } = request.body;
      const nowMs = clock();
      const changes = {
        ...(expiresAt !== undefined && { expiresAt: checkedExpiry(expiresAt, nowMs) ?? null }),
        ...(networks !== undefined && { networks }),
        ...(locationIds !== undefined && { locationIds }),
        ...(limits !== undefined && { limits }),
      };
      const changed = await database.inTenant(caller.tenantId, async (tx) => {
        const row = await managedKey(tx, caller, request.params);
        requireGrantable(limits ?? {}, row.limits);
        const changed = await changeSettings(tx, row, changes, nowMs)
          .catch(malformedIfBinding)
          .catch(conflictIfEnded);
        await app.audit.add(tx, request, 'key.changed', {
          targets: [keySubject(row.apiKey)],
          metadata: { role: row.role, members: Object.keys(changes) },
        });
        return changed;
      });
      logChange(request, 'a key was changed', { changedKey: changed.apiKey, role: changed.role });
      return viewOf(changed, nowMs);
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
        requireNotRevoked(row);
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
        await app.audit.add(tx, request, 'key.rotated', {
          targets: [keySubject(apiKey)],
          metadata: { role: row.role, graceS: graceS ?? DAY_S },
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
        await app.audit.add(tx, request, 'key.revoked', {
          targets: [keySubject(row.apiKey)],
          metadata: { role: row.role },
        });
        return row;
      });
      logChange(request, 'a key was revoked', { changedKey: apiKey, role });
      return reply.code(204).send(null);
    },
  });
};

/** A key as the subject of an entry. */
function keySubject(apiKey: string): AuditSubject {
  return { kind: 'key', reference: foldApiKey(apiKey), name: apiKey };
}

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

function requireNotRevoked({ revokedAt }: ApiKeyRow): void {
  if (revokedAt) throw new HttpProblem(409, 'The key is revoked; create a new one.');
}

/** Converts the error of a binding to a 400 that names the member. */
function malformedIfBinding(error: unknown): never {
  throw error instanceof BindingError ? malformedMember(error.member, error.fault) : error;
}

/** Converts the error of a key that ended to a 409. */
function conflictIfEnded(error: unknown): never {
  throw error instanceof KeyError ? new HttpProblem(409, error.message) : error;
}
