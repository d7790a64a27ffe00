import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import {
  BULK_BODY_LIMIT_BYTES,
  BulkRequest,
  booleanParameter,
  Page,
  PageQuery,
  pageOf,
  readPage,
  wrongParameter,
} from '../http/bulk.ts';
import { problems } from '../http/schema.ts';
import { DATE_FORMS, parseWindow } from '../http/window.ts';
import { parseGuid } from '../store/values/guid.ts';
import { listDaysAtOffice } from '../store/workday/user-days.ts';
import { DaysReply, previewItems, writeDayItems } from './day-items.ts';
import { DayView, PersonDayView, viewDay } from './day-view.ts';
import { CANCELLED_TO, DayBody, DayItem, ManagedDays, readUserDays } from './manage-days.ts';
import {
  authorOf,
  CONFIG,
  DayPath,
  DOCUMENTED,
  dayOf,
  reasonOf,
  UserPath,
  userDayOf,
  userIdOf,
  Why,
  type WorkdayRoutesOptions,
} from './management.ts';

/** The routes of users' days: plans and bookings. */
export const dayRoutes: FastifyPluginAsyncTypebox<WorkdayRoutesOptions> = async (
  app,
  { database, clock },
) => {
  const managed = (request: FastifyRequest) =>
    new ManagedDays(database, callerOf(request).tenantId, authorOf(request, clock));

  app.route({
    method: 'GET',
    url: '/v1/manage/users/:userId/days',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: "List a user's days: plans and bookings",
      description: 'One entry for each date, in order, with or without a plan.',
      params: UserPath,
      querystring: Type.Object({
        startDate: Type.String({ description: `first day: ${DATE_FORMS}` }),
        endDate: Type.String({ description: 'last day, inclusive; at most 31 dates in all' }),
      }),
      response: { 200: Type.Array(DayView), ...problems(400, 401, 403, 404, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const window = parseWindow(request.query.startDate, request.query.endDate);
      const userId = userIdOf(request.params);
      return database.inTenant(tenantId, (tx) => readUserDays(tx, tenantId, userId, window));
    },
  });

  app.route({
    method: 'PUT',
    url: '/v1/manage/users/:userId/days/:day',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
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
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: "Reset a user's day to leave or the week plan",
      description:
        "Beyond the horizon of the user's primary location the server deletes the plan, unless the user has leave.",
      params: DayPath,
      querystring: Type.Object(Why),
      response: { 200: DayView, ...problems(400, 401, 403, 404, 409, 503) },
    },
    handler: async (request) => managed(request).reset(userDayOf(request.params), reasonOf(request.query)),
  });

  app.route({
    method: 'DELETE',
    url: '/v1/manage/users/:userId/days/:day/booking',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: "Cancel a user's booking",
      params: DayPath,
      querystring: Type.Object({
        plan: Type.Optional(
          Type.String({ description: 'the new plan of the day: r remote (default), a away, or none' }),
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
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List the users who plan to be at an office on a day, and their bookings',
      querystring: Type.Object({
        day: Type.String({ description: DATE_FORMS }),
        locationId: Type.String({ description: 'the office; an unknown one returns no users' }),
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

  app.route({
    method: 'POST',
    url: '/v1/manage/days',
    config: CONFIG,
    bodyLimit: BULK_BODY_LIMIT_BYTES,
    schema: {
      ...DOCUMENTED,
      summary: 'Plan days of many users, book, move and cancel',
      description:
        'The server applies the items in order, in one transaction. A refused item stops no other.',
      querystring: Type.Object({
        preview: Type.Optional(
          Type.String({ description: 'true: the server says what the items would do, and changes nothing' }),
        ),
      }),
      body: BulkRequest(DayItem),
      response: { 200: DaysReply, ...problems(400, 401, 403, 413, 415, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const write = booleanParameter('preview', request.query.preview) ? previewItems : writeDayItems;
      const author = authorOf(request, clock);
      const results = await write(database, tenantId, request.body.items, author);
      return { timestamp: author.at.toISOString(), results };
    },
  });
};
