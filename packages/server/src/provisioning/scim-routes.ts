import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { HttpProblem } from '../http/errors.ts';
import { isKnown } from '../http/etag.ts';
import { acceptJsonAs } from '../http/json-body.ts';
import { CommaList } from '../http/query-parameters.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { TenantQueues } from '../store/connections/merging-queue.ts';
import type { TenantWriteQueue } from '../store/connections/tenant-write-queue.ts';
import { REASONS } from '../store/workday/reasons.ts';
import type { DayAuthor } from '../workday/plan.ts';
import { METHODS, refuse, serve } from './declare.ts';
import { resourceTypes, schemas, serviceProviderConfig, withId } from './discovery.ts';
import { attributeOf, type Document } from './document.ts';
import { SCIM_MEDIA_TYPE } from './errors.ts';
import { GROUPS } from './groups.ts';
import { parseId } from './ids.ts';
import { listResponse, readFilter, readPage } from './list.ts';
import { readOperations } from './patch-request.ts';
import { type CreateRequest, missing, type ResourceType, type WriteRequest } from './resource-type.ts';
import { SCIM_PREFIX } from './scim-path.ts';
import { readSelection, select } from './selection.ts';
import { USERS } from './users.ts';
import { ifMatch } from './versions.ts';

export interface ScimRoutesOptions {
  database: Database;
  clock: () => number;
  /** Shared with the other writers of the directory. */
  writeQueue: TenantWriteQueue;
  publicUrl: string | undefined;
}

/** How long a creation waits: a large import may hold the write queue before it. */
const LONGEST_WAIT_MS = 30_000;
const SelectionQuery = Type.Object({
  attributes: Type.Optional(CommaList({ description: 'comma-separated names of the attributes to return' })),
  excludedAttributes: Type.Optional(
    CommaList({ description: 'comma-separated names of the attributes to leave out' }),
  ),
});
const ListQuery = Type.Object({
  filter: Type.Optional(Type.String({ description: 'RFC 7644 section 3.4.2.2' })),
  startIndex: Type.Optional(Type.String({ description: 'from 1' })),
  count: Type.Optional(Type.String({ description: '0 returns totalResults only' })),
  ...SelectionQuery.properties,
});
const ONE_QUERY = { GET: SelectionQuery, PUT: SelectionQuery, PATCH: SelectionQuery };

/** SCIM 2.0, RFC 7643 and 7644: an identity provider keeps users and groups current through these routes. */
export async function scimRoutes(app: FastifyInstance, options: ScimRoutesOptions): Promise<void> {
  const { database, clock, writeQueue, publicUrl } = options;
  acceptJsonAs(app, SCIM_MEDIA_TYPE);
  app.addContentTypeParser('*', (_request, _body, done) => {
    done(new HttpProblem(415, `The content type must be ${SCIM_MEDIA_TYPE} or application/json.`));
  });

  // Without a public URL, references are relative: the sender of a request chooses its Host header.
  const baseUrl = `${publicUrl ?? ''}${SCIM_PREFIX}`;
  const readingOf = (request: FastifyRequest) => ({
    tenantId: callerOf(request).tenantId,
    baseUrl,
    selection: readSelection(request.query as Document),
  });

  /** Runs `work` in the write queue of the directory, and again after a write conflict. */
  const write = <T>(
    writing: WriteRequest,
    work: (tx: Tx, writing: WriteRequest) => Promise<T>,
  ): Promise<T> => {
    const { tenantId } = writing;
    return writeQueue.take(tenantId, () =>
      inTenantWithRetries(database, tenantId, (tx) => work(tx, writing)),
    );
  };
  const writingOf = (request: FastifyRequest): WriteRequest => {
    const { tenantId, name } = callerOf(request);
    const actor = { changedBy: 'integration', name, reason: REASONS.provisioning } as const;
    return { tenantId, author: { actor, at: new Date(clock()) } };
  };

  const registerType = (type: ResourceType): void => {
    const read = (request: FastifyRequest, id: string): Promise<Document> =>
      database.inTenant(callerOf(request).tenantId, (tx) => find(tx, request, id));
    const find = async (tx: Tx, request: FastifyRequest, id: string): Promise<Document> => {
      const resource = await type.find(tx, readingOf(request), id);
      if (!resource) throw missing();
      return resource;
    };
    const most = type.mostCreatedTogether;
    const creations = new TenantQueues<CreateRequest & { author: DayAuthor }, Document | HttpProblem>({
      run: async (tenantId, jobs) => {
        const [first] = jobs;
        // A creation changes no days, so the author does not matter.
        return first
          ? write({ tenantId, author: first.author }, (tx, writing) => type.create(tx, writing, jobs))
          : [];
      },
      weigh: () => 1,
      most: { jobs: most, weight: most },
      longestWaitMs: LONGEST_WAIT_MS,
    });
    const list = async (request: FastifyRequest, reply: FastifyReply, query: Document) => {
      const page = readPage(query);
      const selection = readSelection(query);
      const listing = { offset: page.startIndex - 1, limit: page.count, filter: readFilter(query) };
      const { tenantId } = callerOf(request);
      const { total, resources } = await database.inTenant(tenantId, (tx) =>
        type.list(tx, { tenantId, baseUrl, selection, ...listing }),
      );
      const chosen = resources.map((resource) => select(resource, selection));
      return send(reply, 200, listResponse(chosen, total, page));
    };
    const show = (request: FastifyRequest, reply: FastifyReply, status: number, resource: Document) => {
      reply.header('etag', versionOf(resource));
      if (status === 201) reply.header('location', locationOf(resource));
      return send(reply, status, select(resource, readSelection(request.query as Document)));
    };

    serve(
      app,
      type.path,
      { what: `${type.name}s`, query: { GET: ListQuery, POST: SelectionQuery }, creates: true },
      {
        GET: (request, reply) => list(request, reply, request.query as Document),
        POST: async (request, reply) => {
          const { tenantId, author } = writingOf(request);
          const creation = { document: request.body as Document, reading: readingOf(request), author };
          const resource = await creations.add(tenantId, creation);
          if (resource instanceof HttpProblem) throw resource;
          return show(request, reply, 201, resource);
        },
      },
    );
    serve(
      app,
      `${type.path}/.search`,
      { what: `${type.name}s by a search request` },
      {
        POST: (request, reply) => list(request, reply, request.body as Document),
      },
    );
    serve(
      app,
      `${type.path}/:id`,
      { what: `one ${type.name}`, query: ONE_QUERY, isVersioned: true },
      {
        GET: async (request, reply) => {
          const resource = await read(request, idOf(request));
          if (!isKnown(request.headers['if-none-match'], versionOf(resource)))
            return show(request, reply, 200, resource);
          return reply.code(304).header('etag', versionOf(resource)).send();
        },
        PUT: async (request, reply) => {
          const id = idOf(request);
          const resource = await write(writingOf(request), async (tx, writing) => {
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
          const done = await write(writingOf(request), async (tx, writing) => {
            await type.patch(tx, writing, id, operations, ifMatch(request));
            return answers ? find(tx, request, id) : type.findVersion(tx, writing.tenantId, id);
          });
          if (typeof done === 'object') return show(request, reply, 200, done);
          return reply.code(204).header('etag', done).send();
        },
        DELETE: async (request, reply) => {
          const id = idOf(request);
          await write(writingOf(request), (tx, writing) => type.remove(tx, writing, id, ifMatch(request)));
          return reply.code(204).send();
        },
      },
    );
  };
  registerType(USERS);
  registerType(GROUPS);

  const many = (path: string, what: string, of: (baseUrl: string) => Document[]) => {
    serve(
      app,
      path,
      { what },
      {
        GET: async (_request, reply) => {
          const all = of(baseUrl);
          return send(reply, 200, listResponse(all, all.length, { startIndex: 1, count: all.length }));
        },
      },
    );
    serve(
      app,
      `${path}/:id`,
      { what: `one of ${what}` },
      {
        GET: async (request, reply) => send(reply, 200, withId(of(baseUrl), rawIdOf(request))),
      },
    );
  };
  many('/ResourceTypes', 'the kinds of resources', resourceTypes);
  many('/Schemas', 'the schemas of resources', schemas);
  serve(
    app,
    '/ServiceProviderConfig',
    { what: 'what is supported' },
    {
      GET: async (_request, reply) => send(reply, 200, serviceProviderConfig(baseUrl)),
    },
  );

  for (const path of ['/Me', '/Bulk', '/.search']) {
    refuse(app, path, METHODS, () => new HttpProblem(501, `${path} is not supported.`));
  }
  for (const path of ['', '/*']) {
    refuse(app, path, METHODS, () => new HttpProblem(404, 'This SCIM path does not exist.'));
  }
}

function send(reply: FastifyReply, status: number, document: Document): FastifyReply {
  return reply.code(status).type(SCIM_MEDIA_TYPE).serializer(JSON.stringify).send(document);
}

/** The id in the path. Throws a 404 if it is not a GUID. */
function idOf(request: FastifyRequest): string {
  const id = parseId(rawIdOf(request));
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
