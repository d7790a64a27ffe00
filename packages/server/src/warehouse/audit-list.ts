import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { Page, PageQuery, pageOf, readLimit, wrongParameter } from '../http/bulk.ts';
import { CommaList } from '../http/query-parameters.ts';
import { problems } from '../http/schema.ts';
import { positionText, readPosition } from '../http/time-position.ts';
import { DATE_FORMS, parseWindow } from '../http/window.ts';
import { listAuditEntries } from '../store/audit/list.ts';
import type { Database } from '../store/connections/db.ts';
import { auditDataset } from './audit-dataset.ts';
import { filtersOf, readActions } from './audit-read.ts';
import { rowSchema } from './row-schema.ts';

const LONGEST_SEARCH = 200;
/** Entries are kept for so long at most. */
const LONGEST_WINDOW_DAYS = 36_525;

/** A row of the list, which tells no changes. */
const { hasRemovals: _, ...unchanging } = auditDataset;
const ENTRY = rowSchema(unchanging);

/** The route for the entries of the audit trail, for people who look for one. Programs read the dataset. */
export const auditListRoutes: FastifyPluginAsyncTypebox<{ database: Database }> = async (
  app,
  { database },
) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/audit',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List entries of the audit trail, the newest first',
      description:
        'The rows of `GET /v1/analytics/audit`, for people who look for one. The read is an entry, too.',
      querystring: Type.Object({
        startDate: Type.Optional(Type.String({ description: `UTC; ${DATE_FORMS}; with endDate` })),
        endDate: Type.Optional(Type.String({ description: 'included; with startDate' })),
        actions: Type.Optional(CommaList({ description: 'comma-separated actions of docs/audit.md' })),
        search: Type.Optional(
          Type.String({
            description:
              'a part of the name, or the whole id, of who did it or of one to whom it was done; the entry of this read does not have it',
          }),
        ),
        ...PageQuery,
      }),
      response: { 200: Page(ENTRY), ...problems(400, 401, 403, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { startDate, endDate, actions, search } = request.query;
      if ((startDate === undefined) !== (endDate === undefined))
        throw wrongParameter(startDate === undefined ? 'startDate' : 'endDate', 'is missing');
      if (search !== undefined && (search.includes('\0') || search.length > LONGEST_SEARCH))
        throw wrongParameter('search', `must have at most ${LONGEST_SEARCH} characters, and no NUL`);
      const limit = readLimit(request.query.limit);
      const after = readPosition(request.query.after);
      const filter = {
        window:
          startDate === undefined || endDate === undefined
            ? undefined
            : parseWindow(startDate, endDate, LONGEST_WINDOW_DAYS),
        actions: readActions(actions),
        search: search?.trim() || undefined,
      };
      const rows = await database.inTenant(tenantId, (tx) =>
        listAuditEntries(tx, tenantId, filter, { limit: limit + 1, after }),
      );
      const { items, next } = pageOf(rows, { limit }, ({ occurredAt, entryId }) =>
        positionText({ at: occurredAt, id: entryId }),
      );
      // It may name a person, and no erasure reaches the metadata of an entry.
      const hidden = search === undefined ? {} : { search: '(not kept)' };
      request.server.audit.note(request, 'export.read', {
        metadata: {
          dataset: 'audit',
          format: 'json',
          filters: filtersOf({ ...request.query, ...hidden }),
          users: 0,
          rows: items.length,
          complete: true,
        },
      });
      return {
        items: items.map(({ occurredAt, ...row }) => ({ ...row, occurredAt: occurredAt.toISOString() })),
        next,
      };
    },
  });
};
