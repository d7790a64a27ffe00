import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import type { Access } from '../auth/guard.ts';
import { BULK_BODY_LIMIT_BYTES } from '../http/bulk.ts';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { SCIM_MEDIA_TYPE, scimError } from './errors.ts';

const CONFIG = {
  access: { scheme: 'bearer', roles: ['all'], scimTokens: true } satisfies Access,
  errorFormat: scimError,
};
export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
type Method = (typeof METHODS)[number];
type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

const Resource = Type.Object({}, { additionalProperties: true });
const VERBS: Record<Method, string> = {
  GET: 'read',
  POST: 'find',
  PUT: 'replace',
  PATCH: 'change',
  DELETE: 'delete',
};

/** The description of a path in OpenAPI. */
interface Description {
  what: string;
  query?: Partial<Record<Method, TSchema>>;
  /** POST creates a resource. */
  creates?: true;
  /** A GET whose If-None-Match contains the version is answered with 304. */
  isVersioned?: true;
}

/** Declares the methods of a path. Every other method is answered with 405. */
export function serve(
  app: FastifyInstance,
  path: string,
  description: Description,
  handlers: Partial<Record<Method, Handler>>,
): void {
  const { what, query = {}, creates } = description;
  const taken = METHODS.filter((method) => handlers[method]);
  for (const method of taken) {
    const handler = handlers[method];
    if (!handler) continue;
    app.route({
      method,
      url: path,
      config: CONFIG,
      bodyLimit: BULK_BODY_LIMIT_BYTES,
      schema: {
        tags: ['Provisioning'],
        summary: `SCIM: ${method === 'POST' && creates ? 'create' : VERBS[method]} ${what}`,
        security: [{ bearer: [] }],
        ...(method === 'GET' || method === 'DELETE' ? {} : { body: Resource, consumes: [SCIM_MEDIA_TYPE] }),
        ...(query[method] ? { querystring: query[method] } : {}),
        response: responses(method, path, description),
      },
      handler,
    });
  }
  const others = METHODS.filter((method) => !taken.includes(method));
  const allow = taken.join(', ');
  refuse(
    app,
    path,
    others,
    () => new HttpProblem(405, `This path supports ${allow}.`, { headers: { allow } }),
  );
}

/** Answers `methods` of a path with a problem. OpenAPI does not list them. */
export function refuse(
  app: FastifyInstance,
  url: string,
  methods: readonly Method[],
  problem: () => HttpProblem,
): void {
  app.route({
    method: [...methods],
    url,
    config: CONFIG,
    schema: { hide: true },
    handler: async () => {
      throw problem();
    },
  });
}

function responses(method: Method, path: string, { creates, isVersioned }: Description) {
  const json = (description: string) => ({
    description,
    content: { [SCIM_MEDIA_TYPE]: { schema: Resource } },
  });
  const error = json('The error of RFC 7644 section 3.12');
  const withBody = method === 'GET' || method === 'DELETE' ? {} : { 408: error, 413: error, 415: error };
  return {
    ...(method === 'DELETE'
      ? {}
      : { [method === 'POST' && creates ? 201 : 200]: json('The resource or list of RFC 7644') }),
    ...(method === 'DELETE' || method === 'PATCH'
      ? { 204: { type: 'null', description: 'The server made the change' } }
      : {}),
    ...(method === 'GET' && isVersioned
      ? { 304: { type: 'null', description: 'If-None-Match contains the current version' } }
      : {}),
    ...withBody,
    // 414 comes before a route is found, so it does not have the SCIM format.
    ...(path.includes(':') ? problems(414) : {}),
    400: error,
    401: error,
    403: error,
    ...(creates ? {} : { 404: error }),
    ...(creates || method === 'PUT' || method === 'PATCH' ? { 409: error } : {}),
    ...(method === 'PUT' || method === 'PATCH' || method === 'DELETE' ? { 412: error } : {}),
    429: json('A rate limit is reached; try again after the seconds in Retry-After'),
    503: json('Temporarily unavailable; try again after the seconds in Retry-After'),
  };
}
