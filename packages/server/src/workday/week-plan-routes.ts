import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { BULK_BODY_LIMIT_BYTES, BulkRequest, Page, PageQuery, pageOf, readPage } from '../http/bulk.ts';
import { problems } from '../http/schema.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Tx } from '../store/connections/db.ts';
import { listUsersById } from '../store/directory/users.ts';
import { parseGuid } from '../store/values/guid.ts';
import { REASONS } from '../store/workday/reasons.ts';
import { listWeekPlanOwners } from '../store/workday/week-plans.ts';
import { ManagedReply, writeItems } from './manage-bulk.ts';
import { noUser, refusalProblem } from './manage-days.ts';
import {
  readWeek,
  viewWeek,
  WeekMembers,
  WeekView,
  writeManyWeeks,
  writeWeeks,
} from './manage-week-plans.ts';
import { authorOf, CONFIG, DOCUMENTED, UserPath, userIdOf, type WorkdayRoutesOptions } from './management.ts';
import { UserReferenceMembers } from './user-references.ts';
import { emptyWeek, readWeekPlan, readWeekPlans, type WeekPlan, weekVersion } from './week-plan.ts';

const UserWeek = Type.Object({
  userId: Type.String(),
  weekPlan: WeekView,
  version: Type.String({ description: 'changes with the week plan; a change may require it' }),
});
const viewUserWeek = (userId: string, week: WeekPlan) => ({
  userId,
  weekPlan: viewWeek(week),
  version: weekVersion(week),
});

/** The routes of week plans. */
export const weekPlanRoutes: FastifyPluginAsyncTypebox<WorkdayRoutesOptions> = async (
  app,
  { database, clock },
) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/users/:userId/week-plan',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: "Read a user's week plan",
      params: UserPath,
      response: { 200: UserWeek, ...problems(400, 401, 403, 404, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const userId = userIdOf(request.params);
      return database.inTenant(tenantId, async (tx) => {
        if ((await listUsersById(tx, tenantId, [userId])).length === 0) throw noUser(userId);
        return viewUserWeek(userId, await readWeekPlan(tx, tenantId, userId));
      });
    },
  });

  app.route({
    method: 'PUT',
    url: '/v1/manage/users/:userId/week-plan',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: "Replace a user's week plan",
      params: UserPath,
      body: Type.Object(WeekMembers),
      response: { 200: UserWeek, ...problems(400, 401, 403, 404, 409, 413, 415, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const userId = userIdOf(request.params);
      const asked = readWeek(request.body);
      if ('refused' in asked) throw refusalProblem(asked);
      const author = authorOf(request, clock, REASONS.weekPlan);
      await inTenantWithRetries(database, tenantId, async (tx) => {
        const [outcome] = await writeWeeks(tx, tenantId, [{ userId, ...asked }], author);
        if (typeof outcome === 'object') throw refusalProblem(outcome);
        if (outcome === 'changed')
          await app.audit.add(tx, request, 'directory.changed', {
            targets: [{ kind: 'user', reference: userId }],
            metadata: { kind: 'week-plans', items: 1 },
          });
      });
      return viewUserWeek(userId, asked.week);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/week-plans',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List the week plans of active users',
      querystring: Type.Object({
        locationId: Type.Optional(
          Type.String({
            description: 'only users with this primary location; an unknown one returns no users',
          }),
        ),
        ...PageQuery,
      }),
      response: {
        200: Page(Type.Object({ userId: Type.String(), userName: Type.String(), weekPlan: WeekView })),
        ...problems(400, 401, 403, 503),
      },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const page = readPage(request.query);
      const wanted = request.query.locationId;
      const locationId = wanted === undefined ? undefined : parseGuid(wanted);
      if (wanted !== undefined && locationId === undefined) return { items: [], next: null };
      return database.inTenant(tenantId, async (tx) => {
        const owners = await listWeekPlanOwners(tx, tenantId, locationId, page);
        const { items, next } = pageOf(owners, page, ({ userId }) => userId);
        const ids = items.map(({ userId }) => userId);
        const weeks = await readWeekPlans(tx, tenantId, ids);
        const view = (userId: string) => viewWeek(weeks.get(userId) ?? emptyWeek());
        return { items: items.map((owner) => ({ ...owner, weekPlan: view(owner.userId) })), next };
      });
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/manage/week-plans',
    config: CONFIG,
    bodyLimit: BULK_BODY_LIMIT_BYTES,
    schema: {
      ...DOCUMENTED,
      summary: 'Replace the week plans of many users',
      description: 'The server applies the items in order. A refused item stops no other.',
      body: BulkRequest(Type.Object({ ...UserReferenceMembers, ...WeekMembers })),
      response: { 200: ManagedReply, ...problems(400, 401, 403, 413, 415, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const author = authorOf(request, clock, REASONS.weekPlan);
      const record = (tx: Tx, items: number) =>
        app.audit.add(tx, request, 'directory.changed', { metadata: { kind: 'week-plans', items } });
      const results = await writeItems(database, tenantId, request.body.items, {
        read: readWeek,
        write: (weeks) => writeManyWeeks(database, tenantId, weeks, { author, record }),
      });
      return { timestamp: author.at.toISOString(), results };
    },
  });
};
