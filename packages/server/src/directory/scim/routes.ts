import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type Access, callerOf } from '../../auth/guard.ts';
import { BULK_BODY_LIMIT_BYTES } from '../../http/bulk.ts';
import { HttpProblem } from '../../http/errors.ts';
import { parseGuid } from '../../http/guid.ts';
import { acceptJsonAs } from '../../http/json-body.ts';
import { inTenantWithRetries } from '../../store/conflict.ts';
import type { Database, Tx } from '../../store/db.ts';
import type { Turns } from '../turns.ts';
import { resourceTypes, schemas, serviceProviderConfig, withId } from './discovery.ts';
import { attributeOf, type Document } from './document.ts';
import { SCIM_MEDIA_TYPE, scimError } from './errors.ts';
import { GROUPS } from './groups.ts';
import { listResponse, readFilter, readPage } from './list.ts';
import { readOperations } from './patch-request.ts';
import { missing, type ResourceType, type Writing } from './resource-type.ts';
import { readSelection, select } from './selection.ts';
import { USERS } from './users.ts';
import { ifMatch, isKnown } from './versions.ts';

export interface ScimRoutesOptions {
  database: Database;
  clock: () => number;
  /** Shared with the other writers of the directory. */
  turns: Turns;
  publicUrl: string | undefined;
}

export const SCIM_PREFIX = '/scim/v2';
const CONFIG = {
  access: { scheme: 'bearer', roles: ['all'], scimTokens: true } satisfies Access,
  errorFormat: scimError,
};
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
type Method = (typeof METHODS)[number];
type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

const Resource = Type.Object({}, { additionalProperties: true });
const Query = Type.Object({
  filter: Type.Optional(Type.String({ description: 'RFC 7644 section 3.4.2.2' })),
  startIndex: Type.Optional(Type.String({ description: 'from 1' })),
  count: Type.Optional(Type.String({ description: 'of 0 only totalResults is told' })),
  attributes: Type.Optional(Type.String({ description: 'comma list of those wanted' })),
  excludedAttributes: Type.Optional(Type.String({ description: 'comma list of those not wanted' })),
});

/** SCIM 2.0, RFC 7643 and 7644: what an identity provider keeps current of people and groups. */
export async function scimRoutes(app: FastifyInstance, options: ScimRoutesOptions): Promise<void> {
  const { database, clock, turns, publicUrl } = options;
  acceptJsonAs(app, SCIM_MEDIA_TYPE);
  app.addContentTypeParser('*', (_request, _body, done) => {
    done(new HttpProblem(415, `The content type must be ${SCIM_MEDIA_TYPE} or application/json.`));
  });

  const baseUrlOf = (request: FastifyRequest) =>
    `${publicUrl ?? `${request.protocol}://${request.host}`}${SCIM_PREFIX}`;
  const readingOf = (request: FastifyRequest) => ({
    tenantId: callerOf(request).tenantId,
    baseUrl: baseUrlOf(request),
    selection: readSelection(request.query as Document),
  });

  /** Runs `work` as one of the directory's writers, again where others came first. */
  const write = <T>(request: FastifyRequest, work: (tx: Tx, writing: Writing) => Promise<T>): Promise<T> => {
    const { tenantId, apiKey } = callerOf(request);
    const actor = { changedBy: 'integration', name: apiKey, reason: 'Provisioning' } as const;
    const writing = { tenantId, author: { actor, at: new Date(clock()) } };
    return turns.take(tenantId, () => inTenantWithRetries(database, tenantId, (tx) => work(tx, writing)));
  };

  const registerType = (type: ResourceType): void => {
    const read = (request: FastifyRequest, id: string): Promise<Document> =>
      database.inTenant(callerOf(request).tenantId, (tx) => find(tx, request, id));
    const find = async (tx: Tx, request: FastifyRequest, id: string): Promise<Document> => {
      const resource = await type.find(tx, readingOf(request), id);
      if (!resource) throw missing();
      return resource;
    };
    const list = async (request: FastifyRequest, reply: FastifyReply, query: Document) => {
      const page = readPage(query);
      const selection = readSelection(query);
      const listing = { offset: page.startIndex - 1, limit: page.count, filter: readFilter(query) };
      const { tenantId } = callerOf(request);
      const { total, resources } = await database.inTenant(tenantId, (tx) =>
        type.list(tx, { tenantId, baseUrl: baseUrlOf(request), selection, ...listing }),
      );
      const chosen = resources.map((resource) => select(resource, selection));
      return send(reply, 200, listResponse(chosen, total, page));
    };
    const show = (request: FastifyRequest, reply: FastifyReply, status: number, resource: Document) => {
      reply.header('etag', versionOf(resource)).header('cache-control', 'private, no-cache');
      if (status === 201) reply.header('location', locationOf(resource));
      return send(reply, status, select(resource, readSelection(request.query as Document)));
    };

    serve(app, type.path, `${type.name}s`, {
      GET: (request, reply) => list(request, reply, request.query as Document),
      POST: async (request, reply) => {
        const resource = await write(request, async (tx, writing) =>
          find(tx, request, await type.create(tx, writing, request.body as Document)),
        );
        return show(request, reply, 201, resource);
      },
    });
    serve(app, `${type.path}/.search`, `${type.name}s by a search request`, {
      POST: (request, reply) => list(request, reply, request.body as Document),
    });
    serve(app, `${type.path}/:id`, `one ${type.name}`, {
      GET: async (request, reply) => {
        const resource = await read(request, idOf(request));
        if (!isKnown(request, versionOf(resource))) return show(request, reply, 200, resource);
        return reply.code(304).header('etag', versionOf(resource)).send();
      },
      PUT: async (request, reply) => {
        const id = idOf(request);
        const resource = await write(request, async (tx, writing) => {
          await type.replace(tx, writing, id, request.body as Document, ifMatch(request));
          return find(tx, request, id);
        });
        return show(request, reply, 200, resource);
      },
      PATCH: async (request, reply) => {
        const id = idOf(request);
        const operations = readOperations(request.body as Document);
        const { attributes, excludedAttributes } = readSelection(request.query as Document);
        const answers = type.answersPatch || attributes.length > 0 || excludedAttributes.length > 0;
        const done = await write(request, async (tx, writing) => {
          await type.patch(tx, writing, id, operations, ifMatch(request));
          return answers ? find(tx, request, id) : type.findVersion(tx, writing.tenantId, id);
        });
        if (typeof done === 'object') return show(request, reply, 200, done);
        return reply.code(204).header('etag', done).send();
      },
      DELETE: async (request, reply) => {
        const id = idOf(request);
        await write(request, (tx, writing) => type.remove(tx, writing, id, ifMatch(request)));
        return reply.code(204).send();
      },
    });
  };
  registerType(USERS);
  registerType(GROUPS);

  const many = (path: string, what: string, of: (baseUrl: string) => Document[]) => {
    serve(app, path, what, {
      GET: async (request, reply) => {
        const all = of(baseUrlOf(request));
        return send(reply, 200, listResponse(all, all.length, { startIndex: 1, count: all.length }));
      },
    });
    serve(app, `${path}/:id`, `one of ${what}`, {
      GET: async (request, reply) => send(reply, 200, withId(of(baseUrlOf(request)), rawIdOf(request))),
    });
  };
  many('/ResourceTypes', 'the kinds of resources', resourceTypes);
  many('/Schemas', 'the schemas of resources', schemas);
  serve(app, '/ServiceProviderConfig', 'what is supported', {
    GET: async (request, reply) => send(reply, 200, serviceProviderConfig(baseUrlOf(request))),
  });

  for (const path of ['/Me', '/Bulk', '/.search']) {
    refuse(app, path, METHODS, () => new HttpProblem(501, `${path} is not supported.`));
  }
  for (const path of ['', '/*']) {
    refuse(app, path, METHODS, () => new HttpProblem(404, 'There is nothing at this path of SCIM.'));
  }
}

const SUMMARY: Record<Method, string> = {
  GET: 'SCIM: read',
  POST: 'SCIM: create or search',
  PUT: 'SCIM: replace',
  PATCH: 'SCIM: change',
  DELETE: 'SCIM: delete',
};

/** Declares the methods of a path; each other one is a 405. */
function serve(
  app: FastifyInstance,
  path: string,
  what: string,
  handlers: Partial<Record<Method, Handler>>,
): void {
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
        summary: `${SUMMARY[method]} ${what}`,
        security: [{ bearer: [] }],
        ...(method === 'GET' || method === 'DELETE' ? {} : { body: Resource, consumes: [SCIM_MEDIA_TYPE] }),
        ...(method === 'DELETE' ? {} : { querystring: Query }),
        response: responses(method === 'DELETE' ? 204 : 200),
      },
      handler,
    });
  }
  const others = METHODS.filter((method) => !taken.includes(method));
  const allow = taken.join(', ');
  refuse(app, path, others, () => new HttpProblem(405, `This path takes ${allow}.`, { headers: { allow } }));
}

function refuse(
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

function responses(success: 200 | 204) {
  const json = (description: string) => ({
    description,
    content: { [SCIM_MEDIA_TYPE]: { schema: Resource } },
  });
  return {
    [success]: success === 204 ? { type: 'null', description: 'It is done.' } : json('As RFC 7644 has it'),
    '4xx': json('The error of RFC 7644 section 3.12'),
    503: json('Temporarily unavailable; try again after the seconds in Retry-After.'),
  };
}

function send(reply: FastifyReply, status: number, document: Document): FastifyReply {
  return reply.code(status).type(SCIM_MEDIA_TYPE).serializer(JSON.stringify).send(document);
}

/** The id in the path. Throws a 404 where it is none of ours. */
function idOf(request: FastifyRequest): string {
  const id = parseGuid(rawIdOf(request));
  if (id === undefined) throw missing();
  return id;
}

function rawIdOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

function versionOf(resource: Document): string {
  return String(attributeOf(resource.meta, 'version'));
}

function locationOf(resource: Document): string {
  return String(attributeOf(resource.meta, 'location'));
}
