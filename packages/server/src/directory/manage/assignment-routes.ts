import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { callerOf } from '../../auth/guard.ts';
import {
  BULK_BODY_LIMIT_BYTES,
  BulkReply,
  BulkRequest,
  PageQuery,
  pageOf,
  readPage,
} from '../../http/bulk.ts';
import { FORMAT_QUERY, pageOrCsv, sendCsv, wantsCsv } from '../../http/csv-download.ts';
import { requireMatch } from '../../http/etag.ts';
import { problems } from '../../http/schema.ts';
import { inTenantWithRetries } from '../../store/connections/conflict.ts';
import type { Tx } from '../../store/connections/db.ts';
import { lockTree } from '../../store/connections/directory-lock.ts';
import {
  type DeskAssignmentDetails,
  listAssignments,
  readAssignments,
} from '../../store/directory/desk-assignments.ts';
import { parseGuid } from '../../store/values/guid.ts';
import { lockDesks } from '../../store/workday/offices.ts';
import type { UpsertResult } from '../upsert.ts';
import { AssignmentItem, assignDesk, assignDesks, Owner } from './assignments.ts';
import {
  BULK_PROBLEMS,
  bulkReply,
  CONFIG,
  changesIn,
  DOCUMENTED,
  IF_MATCH,
  idFilter,
  LIST_PROBLEMS,
  type ManageDeps,
  notFoundProblem,
  onlyResult,
  PATCH_PROBLEMS,
  READ_PROBLEMS,
} from './common.ts';
import { getOfKind, versionOf } from './kind-routes.ts';
import { managedKind } from './kinds.ts';

const ID = Type.String({ format: 'uuid' });
const Assignment = Type.Object({
  deskId: ID,
  deskName: Type.String(),
  zoneId: ID,
  zoneName: Type.String(),
  levelId: ID,
  levelName: Type.String(),
  locationId: ID,
  locationName: Type.String(),
  userId: Type.Union([ID, Type.Null()], { description: 'the owner; null: the desk is not assigned' }),
  userName: Type.Union([Type.String(), Type.Null()]),
  inEffect: Type.Boolean({
    description: 'false if the desk is retired or the user is inactive: the assignment then has no effect',
  }),
});
const PARAMS = Type.Object({ deskId: Type.String() });
const DESKS = managedKind('desks');
const IF_MATCH_OF_DESK =
  'With the header If-Match and the ETag of the desk, the server changes only that version of the desk.';
/** Columns that the import of assigned desks has. */
const FILE_COLUMNS = [
  'deskId',
  'deskName',
  'zoneName',
  'levelName',
  'locationName',
  'userId',
  'userName',
] as const;
const URL = '/v1/manage/desk-assignments';
const ONE_URL = '/v1/manage/desks/:deskId/assignment';

/** The assignments of desks: list them, write many, assign or unassign one. */
export const assignmentRoutes: FastifyPluginAsyncTypebox<ManageDeps> = async (app, deps) => {
  const { database } = deps;

  app.route({
    method: 'GET',
    url: URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List the assigned desks, in the order of their ids',
      description: 'The file has the assignments that have an effect. The import would refuse others.',
      querystring: Type.Object({
        ...PageQuery,
        locationId: Type.Optional(Type.String({ description: 'only desks of this location' })),
        userId: Type.Optional(Type.String({ description: 'only desks of this user' })),
        ...FORMAT_QUERY,
      }),
      response: {
        200: pageOrCsv(Assignment),
        ...LIST_PROBLEMS,
      },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const { locationId, userId, format, ...page } = request.query;
      const isFile = wantsCsv(format);
      const window = readPage(page);
      const filter = { locationId: idFilter(locationId), userId: idFilter(userId) };
      if (isFile) {
        const file = {
          ...{ tenantId, name: 'desk-assignments.csv', columns: FILE_COLUMNS },
          read: (tx: Tx) => readAssignments(tx, tenantId, filter),
          audited: {
            dataset: 'desk-assignments',
            filters: locationId === undefined ? {} : { locationId: locationId.slice(0, 200) },
            userIds: filter.userId ? [filter.userId] : [],
          },
        };
        return sendCsv(deps, file, request, reply) as never;
      }
      const rows = await database.inTenant(tenantId, (tx) => listAssignments(tx, tenantId, filter, window));
      return pageOf(rows, window, (row) => row.deskId);
    },
  });

  app.route({
    method: 'POST',
    url: URL,
    config: CONFIG,
    bodyLimit: BULK_BODY_LIMIT_BYTES,
    schema: {
      ...DOCUMENTED,
      summary: 'Assign desks to users, or unassign desks',
      description: 'The server applies the items in order. Bookings stay as they are.',
      body: BulkRequest(AssignmentItem),
      response: { 200: BulkReply, ...BULK_PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { items } = request.body;
      return bulkReply(
        await inTenantWithRetries(database, tenantId, async (tx) => {
          const results = await assignDesks(tx, tenantId, items);
          await record(tx, request, results, []);
          return results;
        }),
        deps,
      );
    },
  });

  const record = async (
    tx: Tx,
    request: FastifyRequest,
    results: readonly UpsertResult[],
    owners: readonly (string | null)[],
  ) => {
    const items = changesIn(results);
    if (items === 0) return;
    const targets = owners.flatMap((reference) => (reference ? [{ kind: 'user', reference } as const] : []));
    const metadata = { kind: 'desk-assignments', items };
    await app.audit.add(tx, request, 'directory.changed', { targets, metadata });
  };

  const assign = (request: FastifyRequest, text: string, owner: Omit<AssignmentItem, 'deskId'>) => {
    const { tenantId } = callerOf(request);
    return inTenantWithRetries(database, tenantId, async (tx) => {
      const { deskId } = await getDesk(tx, tenantId, text);
      if (request.headers['if-match'] !== undefined) await requireVersion(tx, tenantId, deskId, request);
      const { ownerBefore, results } = await assignDesk(tx, tenantId, { ...owner, deskId });
      onlyResult(results);
      const desk = await getDesk(tx, tenantId, deskId);
      await record(tx, request, results, [ownerBefore, desk.userId]);
      return desk;
    });
  };

  app.route({
    method: 'PUT',
    url: ONE_URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Assign a desk to a user',
      description: IF_MATCH_OF_DESK,
      params: PARAMS,
      headers: IF_MATCH,
      body: Owner,
      response: { 200: Assignment, ...PATCH_PROBLEMS },
    },
    handler: (request) => assign(request, request.params.deskId, request.body),
  });

  app.route({
    method: 'DELETE',
    url: ONE_URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Unassign a desk',
      description: IF_MATCH_OF_DESK,
      params: PARAMS,
      headers: IF_MATCH,
      response: { 200: Assignment, ...READ_PROBLEMS, ...problems(412) },
    },
    handler: (request) => assign(request, request.params.deskId, { userId: null }),
  });
};

/** A desk with its owner. Throws a 404 if there is no such desk. */
async function getDesk(tx: Tx, tenantId: string, text: string): Promise<DeskAssignmentDetails> {
  const filter = { deskId: parseGuid(text) ?? null, unassigned: true };
  const [desk] = await listAssignments(tx, tenantId, filter, { limit: 1, after: null });
  if (!desk) throw notFoundProblem('desk');
  return desk;
}

/** Throws a 412 if the desk does not have the version in If-Match. Nobody else changes its owner until the end. */
async function requireVersion(
  tx: Tx,
  tenantId: string,
  deskId: string,
  request: FastifyRequest,
): Promise<void> {
  // Users are locked after the desk, against the order of other writers. The caller tries again after a deadlock.
  await lockTree(tx, tenantId, 'shared');
  await lockDesks(tx, tenantId, [deskId]);
  requireMatch(request, versionOf(DESKS, await getOfKind(DESKS, tx, tenantId, deskId)));
}
