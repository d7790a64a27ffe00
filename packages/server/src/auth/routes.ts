import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type TSchema, Type } from 'typebox';
import { HttpProblem } from '../http/errors.ts';
import { acceptForms } from '../http/json-body.ts';
import type { RateLimits } from '../http/rates/rate-limits.ts';
import { problems } from '../http/schema.ts';
import { hasBody } from '../http/unread-body.ts';
import type { ApiKeys } from './api-keys.ts';
import { callerOfKey } from './caller.ts';
import { grantToken, OAuthError, oauthError, TokenReply, TokenRequest } from './client-credentials.ts';
import { type CountLogin, LoginFailure, LoginReply, LoginRequest, logIn, loginFailure } from './login.ts';
import { WrongNetworkProblem } from './network-check.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { Tokens } from './tokens.ts';

export interface AuthRoutesOptions {
  apiKeys: ApiKeys;
  tokens: Tokens;
  signingKeys: SigningKeys;
  rates: RateLimits;
  clock: () => number;
  clockSkewS: number;
  publicUrl: string | undefined;
  issuer: string;
}

const JWKS_MAX_AGE_S = 300;
/** Unknown callers use these routes, so the server reads no more than credentials need. */
const BODY_LIMIT_BYTES = 8 * 1024;

/** /v1/auth, /v1/auth/token and the metadata of their tokens. */
export const authRoutes: FastifyPluginAsyncTypebox<AuthRoutesOptions> = async (app, options) => {
  app.addHook('onError', async (request, _reply, error) => {
    // The record of requests shows a right secret from a wrong network to the key's organisation.
    if (error instanceof WrongNetworkProblem) request.caller = error.caller;
  });
  const countLogin: CountLogin = (key) => options.rates.take('login', callerOfKey(key), 1);
  const deps = { ...options, countLogin };
  app.route({
    method: 'POST',
    url: '/v1/auth',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'public', errorFormat: loginFailure, keepBodyText: true },
    schema: {
      tags: ['Authentication'],
      summary: 'Log in with an HMAC hash',
      body: LoginRequest,
      response: { 200: LoginReply, ...eachOf([400, 401, 403, 408, 413, 415, 429, 503], LoginFailure) },
    },
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return logIn(request, deps);
    },
  });

  await app.register(async (scope) => {
    acceptForms(scope);
    scope.addHook('preParsing', async (request, _reply, payload) => {
      // A Basic header needs no body, whatever content type an absent or empty body declares.
      if (!hasBody(request.raw)) delete request.headers['content-type'];
      return payload;
    });
    scope.addHook('preValidation', async (request) => {
      request.body ??= null;
    });
    scope.route({
      method: 'POST',
      url: '/v1/auth/token',
      bodyLimit: BODY_LIMIT_BYTES,
      config: { access: 'public', errorFormat: oauthError },
      schema: {
        tags: ['Authentication'],
        summary: 'OAuth 2.0 client credentials (RFC 6749 section 4.4)',
        consumes: ['application/json', 'application/x-www-form-urlencoded'],
        body: TokenRequest,
        response: { 200: TokenReply, ...eachOf([400, 401, 403, 408, 413, 415, 429, 503], OAuthError) },
      },
      handler: async (request, reply) => {
        reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
        return grantToken(request, deps);
      },
    });
  });

  app.route({
    method: 'GET',
    url: '/.well-known/jwks.json',
    config: { access: 'public' },
    schema: {
      tags: ['Authentication'],
      summary: 'Public keys of the tokens (RFC 7517)',
      response: { 200: Type.Object({ keys: Type.Array(Type.Object({}, { additionalProperties: true })) }) },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', `public, max-age=${JWKS_MAX_AGE_S}`);
      return options.signingKeys.jwks();
    },
  });

  app.route({
    method: 'GET',
    url: '/.well-known/oauth-authorization-server',
    config: { access: 'public' },
    schema: {
      tags: ['Authentication'],
      summary: 'Authorization server metadata (RFC 8414)',
      description: 'The server derives it from its public URL. Without a public URL the answer is 404.',
      response: { 200: Type.Object({}, { additionalProperties: true }), ...problems(404) },
    },
    handler: async () => serverMetadata(options),
  });
};

/**
 * RFC 8414 section 2. Throws a 404 if no public URL is set. A client sends its secret to the token endpoint that the
 * metadata names, so the server must not derive it from a request.
 */
function serverMetadata({ issuer, publicUrl: baseUrl }: AuthRoutesOptions) {
  if (baseUrl === undefined) {
    throw new HttpProblem(
      404,
      'This server has no metadata, because its public URL is not set; /v1/auth/token issues tokens.',
    );
  }
  return {
    issuer,
    token_endpoint: `${baseUrl}/v1/auth/token`,
    jwks_uri: `${baseUrl}/.well-known/jwks.json`,
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    service_documentation: `${baseUrl}/docs`,
  };
}

/** The documentation of failures that have one shape. */
function eachOf<T extends TSchema>(statuses: number[], schema: T): Record<number, T> {
  return Object.fromEntries(statuses.map((status) => [status, schema]));
}
