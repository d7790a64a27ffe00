import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { booleanParameter } from '../http/bulk.ts';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import {
  deleteRefusedRows,
  type RefusedPosition,
  type RefusedRow,
  readRefusedSlice,
} from '../store/privacy/refused-rows.ts';
import { countVisits, eraseVisits, findDaysOfVisits } from '../store/privacy/visitor-erasure.ts';
import type { VisitorSubject } from '../store/privacy/visitor-rows.ts';
import { fold } from '../store/values/fold.ts';
import { slicesOf } from './day-slices.ts';
import { isRefusedVisitOf } from './refused-events.ts';
import type { PrivacyRoutesOptions } from './routes.ts';
import { visitorFiles } from './visitor-export.ts';
import { sendZipFile, ZIP_ANSWER } from './zip-answer.ts';

const Visitor = Type.Object(
  {
    email: Type.Optional(Type.String({ minLength: 3, description: 'in place of name and day' })),
    name: Type.Optional(Type.String({ minLength: 1, description: 'with day' })),
    day: Type.Optional(Type.String({ format: 'date', description: "the office's local day of the arrival" })),
  },
  { description: 'whom: by e-mail address, or by name and day; without regard to case' },
);

/** Exports and erases what is held about visitors. */
export const visitorRoutes: FastifyPluginAsyncTypebox<PrivacyRoutesOptions> = async (
  app,
  { database, clock, transfers },
) => {
  app.route({
    method: 'POST',
    url: '/v1/manage/visitors/export',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Export everything that is held about a visitor',
      description:
        'A ZIP file with the arrivals of the visitor and the refused events that name the visitor, each as a JSON and a CSV file ' +
        'with the same rows. manifest.json says why they are kept and for how long. recipients.json says who may have received ' +
        'them. All rows come from one snapshot. The answer holds a slot for exports.',
      body: Visitor,
      response: { 200: ZIP_ANSWER, ...problems(400, 401, 403, 503) },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const visitor = subjectOf(request.body);
      const createdAt = new Date(clock());
      return sendZipFile(request, reply, {
        name: 'visitor.zip',
        createdAt,
        database,
        transfers,
        files: (tx) => visitorFiles(tx, { tenantId, visitor, createdAt }),
        onSent: (complete) =>
          app.audit.note(request, 'visitor.exported', { metadata: { by: namedBy(visitor), complete } }),
      });
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/manage/visitors/erasure',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Erase a visitor',
      description:
        'Takes the name, the e-mail address and the company from the arrivals of a visitor, and deletes refused events with the ' +
        'address or the name and day, and those that are not kept whole. Counts of visitors do not move. Nobody can undo it. A ' +
        'call that breaks off can be repeated.',
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
      const names = 'email' in subject ? { emails: [subject.email] } : { name: subject.name };
      const refusedFound = await inRefusedSlices(
        database,
        tenantId,
        subject,
        async (_, { length }) => length,
      );
      // The entry comes before the first change, so that an erasure that breaks off has one, too.
      const [found, window] = await inTenantWithRetries(database, tenantId, async (tx) => {
        const window = await findDaysOfVisits(tx, tenantId, 'day' in subject ? subject.day : null);
        const arrivals = window ? await countVisits(tx, tenantId, names, window) : 0;
        const found = { arrivals, refusedEvents: refusedFound };
        const metadata = { by: namedBy(subject), ...found };
        if (!dryRun) await app.audit.add(tx, request, 'visitor.erased', { metadata });
        return [found, window];
      });
      if (dryRun) return { dryRun, ...found };
      let arrivals = 0;
      for (const slice of window ? slicesOf(window) : []) {
        arrivals += await inTenantWithRetries(database, tenantId, (tx) => eraseVisits(tx, names, slice));
      }
      const refusedEvents = await inRefusedSlices(database, tenantId, subject, (tx, refused) =>
        deleteRefusedRows(tx, tenantId, refused),
      );
      return { dryRun, arrivals, refusedEvents };
    },
  });
};

/** Reads the refused arrivals that name the visitor, a slice in a transaction. Returns the sum of what `work` returns. */
async function inRefusedSlices(
  database: Database,
  tenantId: string,
  subject: VisitorSubject,
  work: (tx: Tx, refused: RefusedRow[]) => Promise<number>,
): Promise<number> {
  const isOfVisitor = isRefusedVisitOf(subject);
  let sum = 0;
  let after: RefusedPosition | undefined;
  do {
    const slice = { after, endpoint: 'visitor-arrival' };
    const [done, next] = await inTenantWithRetries(database, tenantId, async (tx) => {
      const { rows, next } = await readRefusedSlice(tx, tenantId, slice);
      return [await work(tx, rows.filter(isOfVisitor)), next] as const;
    });
    sum += done;
    after = next;
  } while (after);
  return sum;
}

function namedBy(subject: VisitorSubject): 'email' | 'name' {
  return 'email' in subject ? 'email' : 'name';
}

/** Throws a 400 unless the visitor is named in one of the two ways. */
function subjectOf({ email, name, day }: { email?: string; name?: string; day?: string }): VisitorSubject {
  if (email !== undefined && name === undefined && day === undefined) return { email: fold(email) };
  if (email === undefined && name !== undefined && day !== undefined) return { name: fold(name), day };
  throw new HttpProblem(400, 'The request is malformed: give email, or name and day.');
}
