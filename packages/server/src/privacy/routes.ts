import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { authorOf, CONFIG, DOCUMENTED, ORGANISATION_QUERY } from '../auth/management.ts';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { quote } from '../http/text.ts';
import type { Transfers } from '../http/transfers.ts';
import type { Database } from '../store/connections/db.ts';
import { findPerson } from '../store/privacy/person.ts';
import { parseGuid } from '../store/values/guid.ts';
import { REASONS } from '../store/workday/reasons.ts';
import {
  countHeldRows,
  findErasureOf,
  type HeldRows,
  LastAdministratorError,
  requestErasure,
  toState,
} from './erasure.ts';
import { personFiles } from './person-export.ts';
import { sendZipFile, ZIP_ANSWER } from './zip-answer.ts';

export interface PrivacyRoutesOptions {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  transfers: Transfers;
}

const Rows = Type.Record(Type.String(), Type.Integer());

const ErasureState = Type.Object({
  requestedAt: Type.String({ format: 'date-time' }),
  requestedBy: Type.String({ description: 'the id of the key or of the account, or `restore`' }),
  finishedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'null until all rows are erased',
  }),
  rows: Type.Unsafe<Record<string, number>>({
    ...Rows,
    description: 'rows that were deleted or changed, by category',
  }),
});

const PersonErasure = Type.Object({
  userId: Type.String({ format: 'uuid' }),
  categories: Type.Array(
    Type.Object({
      name: Type.String(),
      title: Type.String(),
      rows: Type.Integer({ description: 'rows that an erasure would delete or change now' }),
      pseudonymRows: Type.Integer({
        description:
          'further rows, under a pseudonym that leads to the user: an export of the user has them, and an erasure leaves them',
      }),
      erasure: Type.String({ description: 'what an erasure does to these rows' }),
    }),
    { description: 'what is held about the user now; empty once the erasure is requested' },
  ),
  erasure: Type.Union([ErasureState, Type.Null()], { description: 'null if nobody requested it' }),
});

/** What the server holds about people, for those who answer for it. */
export const privacyRoutes: FastifyPluginAsyncTypebox<PrivacyRoutesOptions> = async (
  app,
  { database, clock, transfers },
) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/users/:userId/export',
    config: { ...CONFIG, organisationInQuery: true },
    schema: {
      ...DOCUMENTED,
      summary: 'Export everything that is held about a person',
      description:
        'A ZIP file. Each category has a JSON and a CSV file with the same rows. manifest.json says why each category is kept, ' +
        'for how long, and what the export leaves out. recipients.json says who may have received the data. All rows come ' +
        'from one snapshot. The answer holds a slot for exports.',
      params: Type.Object({ userId: Type.String() }),
      querystring: Type.Object(ORGANISATION_QUERY),
      response: {
        200: ZIP_ANSWER,
        ...problems(400, 401, 403, 404, 503),
      },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const nobody = noUser(request.params.userId);
      const userId = parseGuid(request.params.userId);
      if (userId === undefined) throw nobody;
      const createdAt = new Date(clock());
      const targets = [{ kind: 'user', reference: userId }] as const;
      return sendZipFile(request, reply, {
        name: `person-${userId}.zip`,
        createdAt,
        database,
        transfers,
        files: async function* (tx) {
          const person = await findPerson(tx, tenantId, userId);
          if (!person) throw nobody;
          yield* personFiles(tx, { tenantId, person, createdAt });
        },
        onSent: (complete) =>
          app.audit.note(request, 'person.exported', { targets: [...targets], metadata: { complete } }),
      });
    },
  });
  app.route({
    method: 'GET',
    url: '/v1/manage/users/:userId/erasure',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'What an erasure of a user would do, or has done',
      description:
        'Counts what the server holds about the user, by category, and says what an erasure does to it. It changes nothing. ' +
        'The answer takes as long as an export of the user, and holds a slot for exports. Once the erasure is requested, it ' +
        'only says how far that has come.',
      params: Type.Object({ userId: Type.String() }),
      response: { 200: PersonErasure, ...problems(400, 401, 403, 404, 503) },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const userId = parseGuid(request.params.userId);
      const found = userId && (await findErasureOf(database, tenantId, userId));
      if (!found) throw noUser(request.params.userId);
      const { person, erasure } = found;
      const categories: HeldRows[] = [];
      if (person && erasure?.finishedAt !== null) {
        const transfer = await transfers.begin({ kind: 'exports', tenantId }, request, reply);
        const counting = database.stream('exports', tenantId, (tx) => countHeldRows(tx, tenantId, person));
        for await (const held of transfer.reading(counting)) categories.push(held);
      }
      return { userId, categories, erasure: erasure ? toState(erasure) : null };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/manage/users/:userId/erasure',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Erase a user',
      description:
        'Nobody can undo it. At once the user is inactive, cannot sign in, and has no bookings ahead. A job of the server erases ' +
        'the rest, and continues after an interruption. GET says when it has finished. A second call changes nothing.',
      params: Type.Object({ userId: Type.String() }),
      response: { 202: ErasureState, ...problems(400, 401, 403, 404, 409, 503) },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const userId = parseGuid(request.params.userId);
      const by = caller.kind === 'account' ? caller.accountId : caller.name;
      const author = authorOf(request, clock, REASONS.personErased);
      const state =
        userId &&
        (await requestErasure(database, caller.tenantId, userId, { ...author, by }, (tx) =>
          app.audit.add(tx, request, 'person.erased', {
            targets: [{ kind: 'user', reference: userId }],
            metadata: {},
          }),
        ).catch((error: unknown) => {
          if (!(error instanceof LastAdministratorError)) throw error;
          throw new HttpProblem(
            409,
            'This is the last administrator of the organisation; make another person an administrator first.',
          );
        }));
      if (!state) throw noUser(request.params.userId);
      return reply.code(202).send(toState(state));
    },
  });
};

function noUser(userId: string): HttpProblem {
  return new HttpProblem(404, `There is no user ${quote(userId)}.`);
}
