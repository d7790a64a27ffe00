import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import {
  BULK_BODY_LIMIT_BYTES,
  booleanParameter,
  Page,
  PageQuery,
  pageOf,
  readPage,
  searchDescription,
  wordsFilter,
} from '../http/bulk.ts';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { textFault } from '../http/text.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { findPlan, listPlannedLevels } from '../store/floor/plans.ts';
import {
  CONFIG,
  DOCUMENTED,
  type FloorDeps,
  getLevel,
  IF_MATCH,
  LevelPath,
  READ_PROBLEMS,
  REMOVE_PROBLEMS,
} from './common.ts';
import { discardPlan, type PlanAuthor, publishDraft, storeDraft } from './drafts.ts';
import { requireVersion, versionOf } from './plan-versions.ts';
import { draftView, publishedView, readPlan, type StoredPlan } from './plan-views.ts';
import { Draft, LevelPlan, PlanItem, PlannedLevelItem } from './schemas.ts';

const URL = '/v1/manage/levels/:levelId/floor-plan';
const DRAFT_URL = `${URL}/draft`;
const IF_MATCH_SENTENCE =
  'With the header If-Match and the ETag of the plan, the server changes only that version.';

/** The floor plans of levels: the published plan, which everybody sees, and the draft. */
export const planRoutes: FastifyPluginAsyncTypebox<FloorDeps> = async (app, deps) => {
  const { database, clock, writeQueue } = deps;

  /** Runs a change of the plans of a level. No node and no other plan of the organisation changes meanwhile. */
  const change = <T>(
    request: FastifyRequest<{ Params: { levelId: string } }>,
    work: (tx: Tx, on: { tenantId: string; levelId: string; author: PlanAuthor }) => Promise<T>,
  ): Promise<T> => {
    const { tenantId, name } = callerOf(request);
    return writeQueue.take(tenantId, () =>
      inTenantWithRetries(database, tenantId, async (tx) => {
        await lockDirectory(tx, tenantId);
        const { nodeId: levelId } = await getLevel(tx, tenantId, request.params.levelId);
        return work(tx, { tenantId, levelId, author: { name, at: new Date(clock()) } });
      }),
    );
  };

  app.route({
    method: 'GET',
    url: '/v1/manage/floor-plans',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List the levels that have a floor plan, by the names of office and level',
      querystring: Type.Object({
        ...PageQuery,
        search: Type.Optional(
          Type.String({
            description: searchDescription(
              'levels of which each of these words is a part of the name, or of the name of the office',
            ),
          }),
        ),
      }),
      response: { 200: Page(PlannedLevelItem), ...problems(400, 401, 403, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { search, ...page } = request.query;
      const window = readPage(page);
      const words = wordsFilter('search', search) ?? [];
      if (textFault(search ?? '')) return { items: [], next: null };
      const rows = await database.inTenant(tenantId, (tx) => listPlannedLevels(tx, tenantId, words, window));
      const { items, next } = pageOf(rows, window, ({ levelId }) => levelId);
      return {
        items: items.map((row) => ({ ...row, publishedAt: row.publishedAt?.toISOString() ?? null })),
        next,
      };
    },
  });

  app.route({
    method: 'GET',
    url: URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Read the published floor plan of a level',
      params: LevelPath,
      response: { 200: LevelPlan, ...READ_PROBLEMS },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const { etag, plan } = await database.inTenant(tenantId, async (tx) => {
        const { nodeId } = await getLevel(tx, tenantId, request.params.levelId);
        return levelPlan(tx, tenantId, nodeId);
      });
      if (etag !== undefined) reply.header('etag', etag);
      const isViewer = caller.kind === 'account' && caller.role === 'viewer';
      const { published } = plan;
      return isViewer && published ? { ...plan, published: { ...published, publishedBy: null } } : plan;
    },
  });

  app.route({
    method: 'DELETE',
    url: URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Remove the published floor plan of a level',
      description: `The draft stays. ${IF_MATCH_SENTENCE}`,
      params: LevelPath,
      headers: IF_MATCH,
      response: { 204: Type.Null(), ...REMOVE_PROBLEMS },
    },
    handler: async (request, reply) => {
      await change(request, async (tx, { tenantId, levelId, author }) => {
        const published = present(
          await readPlan(tx, tenantId, levelId, { isDraft: false }),
          'The level has no published floor plan.',
        );
        requireVersion(request, published);
        await discardPlan(tx, tenantId, published, author.at);
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: 'GET',
    url: DRAFT_URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Read the draft of the floor plan of a level',
      params: LevelPath,
      response: {
        200: Draft,
        204: { ...Type.Null(), description: 'The level has no draft.' },
        ...READ_PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const draft = await database.inTenant(tenantId, async (tx) => {
        const { nodeId } = await getLevel(tx, tenantId, request.params.levelId);
        return readPlan(tx, tenantId, nodeId, { isDraft: true });
      });
      if (!draft) return reply.code(204).send(null);
      reply.header('etag', versionOf(draft));
      return draftView(draft);
    },
  });

  app.route({
    method: 'PUT',
    url: DRAFT_URL,
    config: CONFIG,
    bodyLimit: BULK_BODY_LIMIT_BYTES,
    schema: {
      ...DOCUMENTED,
      summary: 'Store the draft of the floor plan of a level',
      description:
        'The body is the whole draft. With the header If-Match and the ETag of the draft, the server replaces only that ' +
        'version. With If-None-Match: * it stores only the first draft.',
      params: LevelPath,
      headers: Type.Object({
        ...IF_MATCH.properties,
        'if-none-match': Type.Optional(Type.String({ description: '*: only if the level has no draft' })),
      }),
      body: PlanItem,
      response: { 200: Draft, ...READ_PROBLEMS, ...problems(412, 413, 415) },
    },
    handler: async (request, reply) => {
      const stored = await change(request, async (tx, { tenantId, levelId, author }) => {
        const draft = await readPlan(tx, tenantId, levelId, { isDraft: true });
        const unseen = requireVersion(request, draft);
        await storeDraft(tx, tenantId, { levelId, draft, unseen, item: request.body, author });
        return getDraft(tx, tenantId, levelId);
      });
      reply.header('etag', versionOf(stored));
      return draftView(stored);
    },
  });

  app.route({
    method: 'DELETE',
    url: DRAFT_URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Discard the draft of the floor plan of a level',
      description: IF_MATCH_SENTENCE,
      params: LevelPath,
      headers: IF_MATCH,
      response: { 204: Type.Null(), ...REMOVE_PROBLEMS },
    },
    handler: async (request, reply) => {
      await change(request, async (tx, { tenantId, levelId, author }) => {
        const draft = await getDraft(tx, tenantId, levelId);
        requireVersion(request, draft);
        await discardPlan(tx, tenantId, draft, author.at);
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: 'POST',
    url: `${URL}/publication`,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Publish the draft of the floor plan of a level',
      description:
        'The draft becomes the published plan, at once for everybody. With the header If-Match and the ETag of the ' +
        'draft, the server publishes only that version. It answers 409 if another plan was published since the draft ' +
        'began.',
      params: LevelPath,
      querystring: Type.Object({
        force: Type.Optional(
          Type.String({ description: 'true: replace a plan that was published since the draft began' }),
        ),
      }),
      headers: IF_MATCH,
      response: { 200: LevelPlan, ...READ_PROBLEMS, ...problems(409, 412) },
    },
    handler: async (request, reply) => {
      const force = booleanParameter('force', request.query.force) ?? false;
      const { etag, plan } = await change(request, async (tx, { tenantId, levelId, author }) => {
        const draft = await getDraft(tx, tenantId, levelId);
        requireVersion(request, draft);
        await publishDraft(tx, tenantId, draft, { force, author });
        return levelPlan(tx, tenantId, levelId);
      });
      reply.header('etag', etag);
      return plan;
    },
  });
};

async function levelPlan(
  tx: Tx,
  tenantId: string,
  levelId: string,
): Promise<{ etag: string | undefined; plan: LevelPlan }> {
  const published = await readPlan(tx, tenantId, levelId, { isDraft: false });
  const draft = await findPlan(tx, tenantId, levelId, { isDraft: true });
  return {
    etag: published && versionOf(published),
    plan: {
      levelId,
      published: published ? publishedView(published) : null,
      hasDraft: draft !== undefined,
    },
  };
}

async function getDraft(tx: Tx, tenantId: string, levelId: string): Promise<StoredPlan> {
  const draft = await readPlan(tx, tenantId, levelId, { isDraft: true });
  return present(draft, 'The level has no draft of a floor plan.');
}

/** Throws a 404 if there is no such plan. */
function present(plan: StoredPlan | undefined, absence: string): StoredPlan {
  if (!plan) throw new HttpProblem(404, absence);
  return plan;
}
