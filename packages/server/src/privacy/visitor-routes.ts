import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { booleanParameter } from '../http/bulk.ts';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database } from '../store/connections/db.ts';
import {
  clearVisitor,
  countRefusedVisits,
  countVisits,
  deleteRefusedVisits,
  findDaysOfVisits,
  type VisitorSubject,
} from '../store/privacy/visitor-erasure.ts';
import { fold } from '../store/values/fold.ts';
import { slicesOf } from './day-slices.ts';

const Visitor = Type.Object(
  {
    email: Type.Optional(Type.String({ minLength: 3, description: 'in place of name and day' })),
    name: Type.Optional(Type.String({ minLength: 1, description: 'with day' })),
    day: Type.Optional(Type.String({ format: 'date', description: "the office's local day of the arrival" })),
  },
  { description: 'whom: by e-mail address, or by name and day; without regard to case' },
);

/** Erases visitors. */
export const visitorRoutes: FastifyPluginAsyncTypebox<{ database: Database }> = async (app, { database }) => {
  app.route({
    method: 'POST',
    url: '/v1/manage/visitors/erasure',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Erase a visitor',
      description:
        'Takes the name, the e-mail address and the company from the arrivals of a visitor, and deletes refused events with the ' +
        'address or the name. Counts of visitors do not move. Nobody can undo it. A call that breaks off can be repeated.',
      querystring: Type.Object({
        dryRun: Type.Optional(Type.String({ description: 'true: only count' })),
      }),
      body: Visitor,
      response: {
        200: Type.Object({
          dryRun: Type.Boolean(),
          arrivals: Type.Integer(),
          refusedEvents: Type.Integer(),
        }),
        ...problems(400, 401, 403, 503),
      },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const dryRun = booleanParameter('dryRun', request.query.dryRun) ?? false;
      const subject = subjectOf(request.body);
      const inTenant = <T>(work: Parameters<typeof inTenantWithRetries<T>>[2]) =>
        inTenantWithRetries(database, tenantId, work);
      const window = await inTenant((tx) => findDaysOfVisits(tx, tenantId, subject));
      const clear = dryRun ? countVisits : clearVisitor;
      let arrivals = 0;
      for (const slice of window ? slicesOf(window) : []) {
        arrivals += await inTenant((tx) => clear(tx, tenantId, subject, slice));
      }
      const refuse = dryRun ? countRefusedVisits : deleteRefusedVisits;
      const refusedEvents = await inTenant(async (tx) => {
        const count = await refuse(tx, tenantId, subject);
        const by = 'email' in subject ? 'email' : 'name';
        if (!dryRun)
          await app.audit.add(tx, request, 'visitor.erased', {
            metadata: { by, arrivals, refusedEvents: count },
          });
        return count;
      });
      return { dryRun, arrivals, refusedEvents };
    },
  });
};

/** Throws a 400 unless the visitor is named in one of the two ways. */
function subjectOf({ email, name, day }: { email?: string; name?: string; day?: string }): VisitorSubject {
  if (email !== undefined && name === undefined && day === undefined) return { email: fold(email) };
  if (email === undefined && name !== undefined && day !== undefined) return { name: fold(name), day };
  throw new HttpProblem(400, 'The request is malformed: give email, or name and day.');
}
