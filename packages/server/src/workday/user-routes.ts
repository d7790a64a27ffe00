import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { Page, PageQuery, pageOf, readPage } from '../http/bulk.ts';
import { problems } from '../http/schema.ts';
import { DATE_FORMS, parseWindow } from '../http/window.ts';
import type { Tx } from '../store/connections/db.ts';
import { listUsersById } from '../store/directory/users.ts';
import { noUser } from './manage-days.ts';
import { CONFIG, DOCUMENTED, dayOf, UserPath, userIdOf, type WorkdayRoutesOptions } from './management.ts';
import { AttendedDayView, readUserAttendance } from './user-attendance.ts';
import { readUserChanges, UserChangeView } from './user-changes.ts';
import { readUserProfile, UserProfile } from './user-profile.ts';

/** The routes that read one user: what belongs to the user, attendance by day, and the action log. */
export const userRoutes: FastifyPluginAsyncTypebox<WorkdayRoutesOptions> = async (
  app,
  { database, clock },
) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/users/:userId/profile',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Read a user with the week plan, groups, cards, assigned desks and leave',
      params: UserPath,
      response: { 200: UserProfile, ...problems(400, 401, 403, 404, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const userId = userIdOf(request.params);
      return database.inTenant(tenantId, async (tx) => {
        const profile = await readUserProfile(tx, tenantId, userId, new Date(clock()));
        if (!profile) throw noUser(userId);
        return profile;
      });
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/users/:userId/attendance',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: "List a user's days: plans, bookings, presence and attendance",
      description:
        'One entry for each date, in order, with or without a plan. `attendanceType` is that of user-booking-attendance.',
      params: UserPath,
      querystring: Type.Object({
        startDate: Type.String({ description: `first day: ${DATE_FORMS}` }),
        endDate: Type.String({ description: 'last day, inclusive; at most 31 dates in all' }),
      }),
      response: { 200: Type.Array(AttendedDayView), ...problems(400, 401, 403, 404, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const window = parseWindow(request.query.startDate, request.query.endDate);
      const userId = userIdOf(request.params);
      return database.inTenant(tenantId, async (tx) => {
        await expectUser(tx, tenantId, userId);
        return readUserAttendance(tx, tenantId, userId, { window, now: new Date(clock()) });
      });
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/users/:userId/changes',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: "List the action log of one user's plans and bookings, the newest first",
      description:
        'The entries of change-log/user, of one user and of any time, with the names of nodes and the codes of reasons.',
      params: UserPath,
      querystring: Type.Object({
        day: Type.Optional(
          Type.String({ description: `only changes of the plan or booking of this day: ${DATE_FORMS}` }),
        ),
        ...PageQuery,
      }),
      response: { 200: Page(UserChangeView), ...problems(400, 401, 403, 404, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { day: text } = request.query;
      const day = text === undefined ? undefined : dayOf({ day: text });
      const page = readPage(request.query);
      const userId = userIdOf(request.params);
      return database.inTenant(tenantId, async (tx) => {
        await expectUser(tx, tenantId, userId);
        const rows = await readUserChanges(tx, tenantId, { userId, day }, page);
        return pageOf(rows, page, ({ entryId }) => entryId);
      });
    },
  });
};

async function expectUser(tx: Tx, tenantId: string, userId: string): Promise<void> {
  if ((await listUsersById(tx, tenantId, [userId])).length === 0) throw noUser(userId);
}
