import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { callerOf } from '../../auth/guard.ts';
import {
  BULK_BODY_LIMIT_BYTES,
  BulkReply,
  BulkRequest,
  Page,
  PageQuery,
  pageOf,
  readPage,
} from '../../http/bulk.ts';
import { etagOf, requireMatch } from '../../http/etag.ts';
import { Maybe } from '../../http/schema.ts';
import { inTenantWithRetries } from '../../store/connections/conflict.ts';
import type { Tx } from '../../store/connections/db.ts';
import { lockDirectory } from '../../store/connections/directory-lock.ts';
import { inTenantRolledBack } from '../../store/connections/rolled-back.ts';
import { parseGuid } from '../../store/values/guid.ts';
import { readBookingEffects } from '../../store/workday/booking-effects.ts';
import { storeBatch } from '../batch.ts';
import { Claims, type UpsertItem } from '../upsert.ts';
import {
  authorOf,
  BULK_PROBLEMS,
  bulkReply,
  CONFIG,
  changesIn,
  DOCUMENTED,
  IF_MATCH,
  LIST_PROBLEMS,
  type ManageDeps,
  notFoundProblem,
  onlyResult,
  PATCH_PROBLEMS,
  READ_PROBLEMS,
} from './common.ts';
import { Effects } from './effects.ts';
import type { ManagedKind, Query, Row } from './kinds.ts';

const FIRST: { limit: number; after: null } = { limit: 1, after: null };

/** The routes of a kind: list a page, read one, write many, change one, and say what a change would do. */
export function kindRoutes(app: FastifyInstance, kind: ManagedKind, deps: ManageDeps): void {
  const { path, word, idMember } = kind;
  const { database, writeQueue } = deps;
  const url = `/v1/manage/${path}`;
  const oneUrl = `${url}/:${idMember}`;

  app.route({
    method: 'GET',
    url,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: `List ${path}, active and inactive, in the order of their ids`,
      querystring: querySchema(kind),
      response: { 200: Page(kind.row), ...LIST_PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const query = request.query as Query;
      const window = readPage(query);
      const filters = pick(query, ['status', ...Object.keys(kind.filters)]);
      const rows = await database.inTenant(tenantId, (tx) => kind.list(tx, tenantId, filters, window));
      return pageOf(rows, window, (row) => String(row[idMember]));
    },
  });

  app.route({
    method: 'GET',
    url: oneUrl,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: `Read one ${word}`,
      params: Type.Object({ [idMember]: Type.String() }),
      response: { 200: kind.row, ...READ_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const id = (request.params as Query)[idMember];
      const row = await database.inTenant(tenantId, (tx) => getOfKind(kind, tx, tenantId, id));
      reply.header('etag', versionOf(kind, row));
      return row;
    },
  });

  app.route({
    method: 'POST',
    url,
    config: CONFIG,
    bodyLimit: BULK_BODY_LIMIT_BYTES,
    schema: {
      ...DOCUMENTED,
      summary: `Create and change ${path}`,
      description:
        'Each item is like a row of the CSV import: the server finds it by its id, else by its name. Members that ' +
        'are left out, empty or null stay as they are; only PATCH empties a member.',
      body: BulkRequest(itemSchema(kind)),
      response: { 200: BulkReply, ...BULK_PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { items } = request.body as { items: Row[] };
      const author = authorOf(request, deps.clock, kind.reason);
      const claims = new Claims();
      const results = await writeQueue.take(tenantId, () =>
        storeBatch(items.map(toItem), {
          atomically: (work) => database.inTenant(tenantId, work),
          claims,
          upsert: async (tx, batch) => {
            const results = await kind.upsert(tx, tenantId, batch, author, claims);
            const changed = changesIn(results);
            if (changed > 0)
              await app.audit.add(tx, request, 'directory.changed', {
                metadata: { kind: path, items: changed },
              });
            return results;
          },
          advice: 'send the item again',
        }),
      );
      return bulkReply(results, deps);
    },
  });

  app.route({
    method: 'PATCH',
    url: oneUrl,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: `Change one ${word}`,
      description:
        'A merge patch (RFC 7396), sent as application/json: members that are left out stay as they are, null ' +
        'empties a member. With the header If-Match and the ETag of the row, the server changes only that version.',
      params: Type.Object({ [idMember]: Type.String() }),
      headers: IF_MATCH,
      body: patchSchema(kind),
      response: { 200: kind.row, ...PATCH_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const row = await writeQueue.take(tenantId, () =>
        inTenantWithRetries(database, tenantId, async (tx) => {
          const changed = await changeOne(tx, kind, request, deps);
          const targets =
            path === 'users' ? [{ kind: 'user', reference: String(changed[idMember]) } as const] : [];
          await app.audit.add(tx, request, 'directory.changed', {
            targets,
            metadata: { kind: path, items: 1 },
          });
          return changed;
        }),
      );
      reply.header('etag', versionOf(kind, row));
      return row;
    },
  });

  app.route({
    method: 'POST',
    url: `${oneUrl}/effects`,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: `Say what a change of one ${word} would do to bookings, and store nothing`,
      description:
        'The server makes the change as PATCH does, counts what became of bookings, and rolls it back. It takes as ' +
        'long as the change, and other writers wait for it as for the change.',
      params: Type.Object({ [idMember]: Type.String() }),
      headers: IF_MATCH,
      body: patchSchema(kind),
      response: { 200: Effects, ...PATCH_PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      return writeQueue.take(tenantId, () =>
        inTenantRolledBack(database, tenantId, async (tx) => {
          const since = new Date(deps.clock());
          await changeOne(tx, kind, request, deps);
          return readBookingEffects(tx, tenantId, since);
        }),
      );
    },
  });
}

/** Applies the merge patch of a request. Returns the new row. Throws a 400, a 404, a 409 or a 412. */
async function changeOne(
  tx: Tx,
  kind: ManagedKind,
  request: FastifyRequest,
  { clock }: ManageDeps,
): Promise<Row> {
  const { tenantId } = callerOf(request);
  const id = (request.params as Query)[kind.idMember];
  const said = pick(request.body as Row, Object.keys(kind.members));
  const item: UpsertItem = { ...said, [kind.idMember]: id };
  // The row must not change between the comparison of its version and the change.
  if (request.headers['if-match'] !== undefined) await lockDirectory(tx, tenantId);
  requireMatch(request, versionOf(kind, await getOfKind(kind, tx, tenantId, id)));
  onlyResult(await kind.upsert(tx, tenantId, [item], authorOf(request, clock, kind.reason)));
  return getOfKind(kind, tx, tenantId, id);
}

/** The entity tag of a row, which covers the members that its answer has. */
export function versionOf({ row: { properties } }: ManagedKind, row: Row): string {
  return etagOf(Object.keys(properties).map((member) => row[member]));
}

/** Throws a 404 if nothing of the kind has this id. */
export async function getOfKind(
  kind: ManagedKind,
  tx: Tx,
  tenantId: string,
  text: string | undefined,
): Promise<Row> {
  const id = parseGuid(text ?? '');
  const [row] = id === undefined ? [] : await kind.list(tx, tenantId, { [kind.idMember]: id }, FIRST);
  if (!row) throw notFoundProblem(kind.word);
  return row;
}

/** The members with these names; the others are ignored. */
function pick<Value>(from: Record<string, Value>, names: string[]): Record<string, Value> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}

/** An item of a bulk call. Null means absent there. */
function toItem(item: Row, index: number): UpsertItem {
  const said = Object.entries(item).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(said), origin: `/items/${index}` };
}

function querySchema({ filters }: ManagedKind) {
  const parameters = Object.entries({ ...filters, status: 'active or inactive' }).map(
    ([name, description]) => [name, Type.Optional(Type.String({ description }))] as const,
  );
  return Type.Object({ ...PageQuery, ...(Object.fromEntries(parameters) as Record<string, TSchema>) });
}

function itemSchema({ idMember, members, word }: ManagedKind) {
  const id = Type.String({
    description: `a GUID; the id of an existing ${word} changes it, another becomes the id of a new ${word}`,
  });
  const maybe = Object.entries(members).map(([name, { schema }]) => [name, Maybe(schema)] as const);
  return Type.Object({ [idMember]: Maybe(id), ...(Object.fromEntries(maybe) as Record<string, TSchema>) });
}

function patchSchema({ members }: ManagedKind) {
  const optional = Object.entries(members).map(([name, { schema, clearable }]) => {
    // An empty text would change nothing, although the client asks for a change.
    const filled = 'type' in schema && schema.type === 'string' ? { ...schema, pattern: '\\S' } : schema;
    return [name, Type.Optional(clearable ? Type.Union([filled, Type.Null()]) : filled)] as const;
  });
  return Type.Object(Object.fromEntries(optional) as Record<string, TSchema>);
}
