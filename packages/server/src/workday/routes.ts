import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type Access, callerOf } from '../auth/guard.ts';
import { Page, PageQuery, pageOf, readPage, wrongParameter } from '../http/bulk.ts';
import { HttpProblem } from '../http/errors.ts';
import { parseGuid } from '../http/guid.ts';
import { problems } from '../http/schema.ts';
import { quote, textFault } from '../http/text.ts';
import { NO_DATE, parseDay, parseWindow } from '../http/window.ts';
import type { Database } from '../store/db.ts';
import { listDaysAtOffice } from '../store/user-days.ts';
import { DayView, PersonDayView, viewDay } from './day-view.ts';
import { CANCELLED_TO, DayBody, ManagedDays, readDays } from './manage-days.ts';
import type { DayAuthor } from './plan.ts';

export interface WorkdayRoutesOptions {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

const DAY = 'YYYY-MM-DD, YYYYMMDD or an ISO instant, of which the date counts';
const UserPath = Type.Object({ userId: Type.String() });
const DayPath = Type.Object({ userId: Type.String(), day: Type.String({ description: DAY }) });
const Why = { reason: Type.Optional(Type.String({ description: 'why; goes into the action log' })) };

/** /v1/manage/…: week plans, and people's days: plans, bookings and what is free. */
export const workdayRoutes: FastifyPluginAsyncTypebox<WorkdayRoutesOptions> = async (
  app,
  { database, clock },
) => {
  const common = { tags: ['Management'], security: [{ bearer: [] }] };
  const config = { access: { scheme: 'bearer', roles: ['all'] } satisfies Access };
  const authorOf = (request: FastifyRequest): DayAuthor => ({
    actor: { changedBy: 'admin', name: callerOf(request).apiKey, reason: null },
    at: new Date(clock()),
  });
  const managed = (request: FastifyRequest) =>
    new ManagedDays(database, callerOf(request).tenantId, authorOf(request));

  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'private, no-cache');
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/users/:userId/days',
    config,
    schema: {
      ...common,
      summary: "A user's days: plans and bookings",
      description: 'One entry for each date, in order, whether there is a plan or not.',
      params: UserPath,
      querystring: Type.Object({
        startDate: Type.String({ description: `first day: ${DAY}` }),
        endDate: Type.String({ description: 'last day, inclusive; at most 31 dates in all' }),
      }),
      response: { 200: Type.Array(DayView), ...problems(400, 401, 403, 404, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const window = parseWindow(request.query.startDate, request.query.endDate);
      const userId = userIdOf(request.params);
      return database.inTenant(tenantId, (tx) => readDays(tx, tenantId, userId, window));
    },
  });

  app.route({
    method: 'PUT',
    url: '/v1/manage/users/:userId/days/:day',
    config,
    schema: {
      ...common,
      summary: "Plan a user's day, book, or move a booking",
      params: DayPath,
      body: DayBody,
      response: { 200: DayView, ...problems(400, 401, 403, 404, 409, 413, 415, 503) },
    },
    handler: async (request) => managed(request).set(userDayOf(request.params), request.body),
  });

  app.route({
    method: 'DELETE',
    url: '/v1/manage/users/:userId/days/:day',
    config,
    schema: {
      ...common,
      summary: "Give a user's day back to their leave or week plan",
      description: 'Beyond the horizon of their office the plan is deleted, unless they have leave.',
      params: DayPath,
      querystring: Type.Object(Why),
      response: { 200: DayView, ...problems(400, 401, 403, 404, 409, 503) },
    },
    handler: async (request) => managed(request).giveBack(userDayOf(request.params), reasonOf(request.query)),
  });

  app.route({
    method: 'DELETE',
    url: '/v1/manage/users/:userId/days/:day/booking',
    config,
    schema: {
      ...common,
      summary: "Cancel a user's booking",
      params: DayPath,
      querystring: Type.Object({
        plan: Type.Optional(
          Type.String({ description: 'what the day is instead: r remote (by default), a away, or none' }),
        ),
        ...Why,
      }),
      response: { 200: DayView, ...problems(400, 401, 403, 404, 409, 503) },
    },
    handler: async (request) => {
      const { plan = 'r' } = request.query;
      if (plan !== 'r' && plan !== 'a' && plan !== 'none') {
        throw wrongParameter('plan', `must be one of ${Object.keys(CANCELLED_TO).join(', ')}`);
      }
      return managed(request).cancelBooking(userDayOf(request.params), plan, reasonOf(request.query));
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/days',
    config,
    schema: {
      ...common,
      summary: 'Who plans to be at an office on a day, and what they have booked',
      querystring: Type.Object({
        day: Type.String({ description: DAY }),
        locationId: Type.String({ description: 'the office; an unknown one selects nobody' }),
        ...PageQuery,
      }),
      response: { 200: Page(PersonDayView), ...problems(400, 401, 403, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const day = dayOf(request.query);
      const page = readPage(request.query);
      const locationId = parseGuid(request.query.locationId);
      if (locationId === undefined) return { items: [], next: null };
      const rows = await database.inTenant(tenantId, (tx) =>
        listDaysAtOffice(tx, tenantId, { locationId, day }, page),
      );
      const { items, next } = pageOf(rows, page, ({ userId }) => userId);
      return {
        items: items.map((row) => ({ userId: row.userId, userName: row.userName, ...viewDay(row) })),
        next,
      };
    },
  });
};

function userIdOf({ userId }: { userId: string }): string {
  const guid = parseGuid(userId);
  if (guid === undefined) throw new HttpProblem(404, `There is no user ${quote(userId)}.`);
  return guid;
}

function userDayOf(path: { userId: string; day: string }): { userId: string; day: string } {
  return { userId: userIdOf(path), day: dayOf(path) };
}

function dayOf({ day: text }: { day: string }): string {
  const day = parseDay(text);
  if (day === undefined) throw wrongParameter('day', NO_DATE);
  return day;
}

function reasonOf({ reason }: { reason?: string }): string | null {
  if (reason === undefined) return null;
  const fault = textFault(reason);
  if (fault) throw wrongParameter('reason', fault);
  return reason;
}
