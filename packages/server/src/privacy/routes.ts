import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { whenAnswered } from '../http/answer-over.ts';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { quote } from '../http/text.ts';
import type { Transfers } from '../http/transfers.ts';
import type { Database } from '../store/connections/db.ts';
import { findPerson } from '../store/privacy/person.ts';
import { parseGuid } from '../store/values/guid.ts';
import { personFiles } from './person-export.ts';
import { zipFile } from './zip-file.ts';

export interface PrivacyRoutesOptions {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  transfers: Transfers;
}

/** What the server holds about people, for those who answer for it. */
export const privacyRoutes: FastifyPluginAsyncTypebox<PrivacyRoutesOptions> = async (
  app,
  { database, clock, transfers },
) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/users/:userId/export',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Export everything that is held about a person',
      description:
        'A ZIP file. Each category has a JSON and a CSV file with the same rows. manifest.json says why each category is kept, ' +
        'for how long, and what the export leaves out. recipients.json says who may have received the data. All rows come ' +
        'from one snapshot. The answer holds a slot for exports.',
      params: Type.Object({ userId: Type.String() }),
      response: {
        200: {
          description: 'The file. A transfer that breaks off is incomplete.',
          content: {
            'application/zip': {
              schema: Type.Unsafe<Readable>({
                description: 'a ZIP file',
                contentMediaType: 'application/zip',
              }),
            },
          },
        },
        ...problems(400, 401, 403, 404, 503),
      },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const nobody = new HttpProblem(404, `There is no user ${quote(request.params.userId)}.`);
      const userId = parseGuid(request.params.userId);
      if (userId === undefined) throw nobody;
      const createdAt = new Date(clock());
      const transfer = await transfers.begin({ kind: 'exports', tenantId }, request, reply);
      const file = transfer.reading(
        database.stream('exports', tenantId, async function* (tx) {
          const person = await findPerson(tx, tenantId, userId);
          if (!person) throw nobody;
          yield* zipFile(personFiles(tx, { tenantId, person, createdAt }), createdAt);
        }),
      );
      const target = { kind: 'user', reference: userId } as const;
      whenAnswered(request.raw, reply.raw, (complete) => {
        if (reply.raw.statusCode !== 200) return;
        app.audit.note(request, 'person.exported', { targets: [target], metadata: { complete } });
      });
      const first = await file.next();
      reply.headers({
        'content-type': 'application/zip',
        'content-disposition': `attachment; filename="person-${userId}.zip"`,
        'cache-control': 'no-store',
      });
      return reply.send(Readable.from(transfer.body(first, file), { objectMode: false }));
    },
  });
};
