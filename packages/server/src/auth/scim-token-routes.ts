import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Page, pageOf } from '../http/bulk.ts';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { listScimTokens, revokeScimToken, type ScimTokenRow } from '../store/auth/scim-tokens.ts';
import type { Database } from '../store/connections/db.ts';
import { parseGuid } from '../store/values/guid.ts';
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
import { callerOf } from './guard.ts';
import { stateOf } from './manage-keys.ts';
import { addScimToken, MOST_ACTIVE_TOKENS } from './manage-scim-tokens.ts';
import { CONFIG } from './management.ts';

export interface ScimTokenRoutesOptions {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

const TokenView = Type.Object({
  tokenId: Type.String(),
  name: Type.String(),
  state: State,
  createdAt: Instant,
  lastUsedAt: LastUse,
  expiresAt: MaybeInstant('when the token ends'),
  revokedAt: MaybeInstant('when the token was revoked'),
});

const DOCUMENTED = { tags: ['SCIM tokens'], security: [{ bearer: [] }] };

/**
 * The SCIM tokens of an organisation. A token reads and changes users, so only callers that may do so create and revoke
 * one.
 */
export const scimTokenRoutes: FastifyPluginAsyncTypebox<ScimTokenRoutesOptions> = async (
  app,
  { database, clock },
) => {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/scim-tokens',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List the SCIM tokens, the newest first, with those that ended',
      querystring: Type.Object(CredentialQuery),
      response: { 200: Page(TokenView), ...problems(400, 401, 403, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const nowMs = clock();
      const { page, limit } = readCredentialPage(request.query, nowMs);
      const rows = await database.inTenant(tenantId, (tx) => listScimTokens(tx, tenantId, page));
      const { items, next } = pageOf(rows, { limit }, (row) =>
        credentialPosition(row.createdAt, row.tokenId),
      );
      return { items: items.map((row) => viewOf(row, nowMs)), next };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/manage/scim-tokens',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Create a SCIM token for an identity provider; no other answer has its text',
      description: `An organisation has at most ${MOST_ACTIVE_TOKENS} active tokens.`,
      body: Type.Object({ name: Name, expiresAt: NewExpiry }),
      response: {
        201: Type.Object({
          scimToken: TokenView,
          token: Type.String({ description: 'the text of the token, shown only now' }),
        }),
        ...problems(400, 401, 403, 408, 409, 413, 415, 503),
      },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const nowMs = clock();
      const name = checkedName(request.body.name);
      const expiresAt = checkedExpiry(request.body.expiresAt, nowMs);
      const { tokenId, token } = await database.inTenant(tenantId, async (tx) => {
        const added = await addScimToken(tx, { tenantId, name, expiresAt }, nowMs).catch(conflictIfTooMany);
        const target = { kind: 'scim-token', reference: added.tokenId, name } as const;
        await app.audit.add(tx, request, 'scim-token.created', { targets: [target], metadata: {} });
        return added;
      });
      logChange(request, 'a SCIM token was created', { changedToken: tokenId });
      const row = {
        tenantId,
        tokenId,
        name,
        createdAt: new Date(nowMs),
        expiresAt: expiresAt ?? null,
        revokedAt: null,
        lastUsedAt: null,
      };
      return reply.code(201).send({ scimToken: viewOf(row, nowMs), token });
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/manage/scim-tokens/:tokenId',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Revoke a SCIM token, at once and for good',
      description: 'The token stays in the list. A token that is revoked already stays as it is.',
      params: Type.Object({ tokenId: Type.String() }),
      response: { 204: Type.Null(), ...problems(401, 403, 404, 503) },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const tokenId = parseGuid(request.params.tokenId);
      const isFound =
        tokenId !== undefined &&
        (await database.inTenant(tenantId, async (tx) => {
          const isRevoked = await revokeScimToken(tx, tenantId, tokenId, new Date(clock()));
          const target = { kind: 'scim-token', reference: tokenId } as const;
          if (isRevoked)
            await app.audit.add(tx, request, 'scim-token.revoked', { targets: [target], metadata: {} });
          return isRevoked;
        }));
      if (!isFound) throw new HttpProblem(404, 'There is no SCIM token with this id in the organisation.');
      logChange(request, 'a SCIM token was revoked', { changedToken: tokenId });
      return reply.code(204).send(null);
    },
  });
};

function viewOf(row: ScimTokenRow, nowMs: number) {
  return {
    tokenId: row.tokenId,
    name: row.name,
    state: stateOf(row, nowMs),
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
