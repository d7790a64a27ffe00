import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { wrongParameter } from '../http/bulk.ts';
import { malformedMember } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import {
  changeLeave,
  LeaveBody,
  LeaveRange,
  LeavesView,
  readLeaveRange,
  readLeaveType,
} from './manage-leaves.ts';
import { authorOf, CONFIG, DOCUMENTED, UserPath, userIdOf, type WorkdayRoutesOptions } from './management.ts';

/** The routes that schedule and cancel leave of one user. */
export const leaveRoutes: FastifyPluginAsyncTypebox<WorkdayRoutesOptions> = async (
  app,
  { database, clock },
) => {
  app.route({
    method: 'POST',
    url: '/v1/manage/users/:userId/leaves',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Schedule leave of a user',
      description:
        'Each day from today on becomes away, and its booking is cancelled. Leave that is there already stays as it is.',
      params: UserPath,
      body: LeaveBody,
      response: { 200: LeavesView, ...problems(400, 401, 403, 404, 409, 413, 415, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { body } = request;
      const userId = userIdOf(request.params);
      const leaveType = readLeaveType(body.leaveType);
      const change = {
        userId,
        kind: 'scheduled' as const,
        leaveType,
        ...readLeaveRange(body, malformedMember),
      };
      return changeLeave(database, tenantId, change, authorOf(request, clock));
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/manage/users/:userId/leaves',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Cancel leave of a user',
      description:
        'All leave of the user loses these days. Each day from today on that leave made away gets the plan of the week ' +
        'plan, up to the horizon; later days have no plan.',
      params: UserPath,
      querystring: Type.Object(LeaveRange),
      response: { 200: LeavesView, ...problems(400, 401, 403, 404, 409, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const userId = userIdOf(request.params);
      const change = {
        userId,
        kind: 'cancelled' as const,
        leaveType: null,
        ...readLeaveRange(request.query, wrongParameter),
      };
      return changeLeave(database, tenantId, change, authorOf(request, clock));
    },
  });
};
