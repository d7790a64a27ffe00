import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { FileError } from '../files/errors.ts';
import { readText } from '../files/text-input.ts';
import { booleanParameter } from '../http/bulk.ts';
import { acceptCsv } from '../http/csv-body.ts';
import { malformedBody } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { inSlot, slotsFor } from '../http/slot-work.ts';
import type { Slots } from '../http/slots.ts';
import type { Database } from '../store/connections/db.ts';
import type { TenantWriteQueue } from '../store/connections/tenant-write-queue.ts';
import { FILE_LIMIT_BYTES, fileTooLarge, PARSED_BYTES, piecesOf } from './file-body.ts';
import { type ImportCounts, importCsv } from './import.ts';
import { CSV_KINDS, type ImportKind } from './kinds.ts';
import { Report, toReport } from './report.ts';
import { csvExample } from './template.ts';

export interface CsvImportRoutesOptions {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** A monotonic clock, in milliseconds. */
  stopwatch: () => number;
  /** Shared by all writers of the directory. */
  writeQueue: TenantWriteQueue;
}

/** Imports that run at once. Each holds a connection for requests, and an organisation may run half of them. */
const IMPORTS_AT_ONCE = 2;

const Kinds = Type.Object({
  items: Type.Array(
    Type.Object({
      kind: Type.String({ description: 'the last part of the path of the import' }),
      columns: Type.Array(
        Type.Object({
          name: Type.String(),
          required: Type.Boolean(),
          description: Type.String(),
          example: Type.String(),
        }),
      ),
      oneOf: Type.Array(Type.Array(Type.String()), {
        description: 'lists of columns; the header needs at least one column of each list',
      }),
      template: Type.String({ description: 'an example file: the header and one row' }),
    }),
  ),
});

const PARAMETERS = Type.Object({
  dryRun: Type.Optional(
    Type.String({ description: 'true: report what each row would change, and store nothing' }),
  ),
  strict: Type.Optional(Type.String({ description: 'true: store nothing if any row is refused' })),
});
const File = Type.Unsafe<Buffer>({
  description: 'a CSV file with a header row',
  contentMediaType: 'text/csv',
});

/**
 * The import of CSV files over HTTP, by the code of `rollcall import`; see docs/import.md. Each organisation runs one
 * import at a time on a server. Further ones wait for a while. An import ends when its client goes away.
 */
export const csvImportRoutes: FastifyPluginAsyncTypebox<CsvImportRoutesOptions> = async (app, options) => {
  const { stopwatch } = options;
  const slots = slotsFor(app, { what: 'imports', limit: 'imports', size: IMPORTS_AT_ONCE, stopwatch });
  acceptCsv(app, fileTooLarge);

  app.route({
    method: 'GET',
    url: '/v1/manage/imports',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List the kinds of CSV files that can be imported, with their columns',
      response: { 200: Kinds, ...problems(401, 403, 503) },
    },
    handler: async () => ({ items: kinds() }),
  });

  for (const kind of Object.keys(CSV_KINDS) as ImportKind[]) {
    app.route({
      method: 'POST',
      url: `/v1/manage/imports/${kind}`,
      config: CONFIG,
      bodyLimit: FILE_LIMIT_BYTES,
      schema: {
        ...DOCUMENTED,
        summary: `Import a CSV file of ${kind}`,
        description:
          'The file is as for "rollcall import". A refused row stops no other row. If the file itself is damaged, ' +
          'rows before the fault may be stored already, and the answer says how many.',
        querystring: PARAMETERS,
        body: { content: { 'text/csv': { schema: File } } },
        response: {
          200: Report,
          ...problems(400, 401, 403, 413, 503),
          400: {
            ...problems(400)[400],
            description:
              'A parameter is wrong, or the file is damaged. If rows before the fault are stored, the answer says how many.',
          },
          415: { ...problems(415)[415], description: 'The content type is not text/csv.' },
        },
      },
      handler: (request, reply) => {
        const { dryRun, strict } = request.query;
        return importFile(request, reply, slots, options, {
          kind,
          dryRun: booleanParameter('dryRun', dryRun) ?? false,
          strict: booleanParameter('strict', strict) ?? false,
        });
      },
    });
  }
};

async function importFile(
  request: FastifyRequest,
  reply: FastifyReply,
  slots: Slots,
  { database, clock, writeQueue }: CsvImportRoutesOptions,
  chosen: { kind: ImportKind; dryRun: boolean; strict: boolean },
): Promise<Report> {
  const { tenantId, name } = callerOf(request);
  const file = request.body as Buffer | undefined;
  if (!file) throw malformedBody('There is no file. Send it as the body, with the content type text/csv.');
  reply.header('cache-control', 'no-store');
  return inSlot(slots, { tenantId, request, reply }, async (gone) => {
    const { audit } = request.server;
    const { kind, strict, dryRun } = chosen;
    // An import is many transactions. Its entry comes before the first of them, so that no row is stored without it.
    if (!dryRun)
      await database.inTenant(tenantId, (tx) =>
        audit.add(tx, request, 'import.begun', { metadata: { kind, strict } }),
      );
    const text = readText(piecesOf(kind, file, gone), { pieceBytes: PARSED_BYTES });
    let counts: ImportCounts = { stored: 0, refused: 0 };
    const noteEnd = (complete: boolean) => {
      const { stored: rows, refused } = counts;
      if (!dryRun) audit.note(request, 'import.ended', { metadata: { kind, rows, refused, complete } });
    };
    try {
      const report = await importCsv({
        ...chosen,
        input: text.stream,
        // Other writers of the organisation wait in memory, and not with a connection.
        database: { inTenant: (id, work) => writeQueue.take(id, () => database.inTenant(id, work)) },
        tenantId,
        callerName: name,
        clock,
        signal: gone,
        onProgress: (_, soFar) => {
          // A failed strict import stores nothing.
          if (!strict) counts = soFar;
        },
      });
      counts = { stored: report.created + report.updated, refused: report.refused.length };
      noteEnd(true);
      return toReport(report, chosen);
    } catch (error) {
      noteEnd(false);
      throw error instanceof FileError ? malformedBody(error.message) : error;
    } finally {
      text.close();
    }
  });
}

function kinds() {
  return Object.entries(CSV_KINDS).map(([kind, of]) => ({
    kind,
    columns: of.columns.map(({ name, required, description, example }) => ({
      name,
      required,
      description,
      example,
    })),
    oneOf: of.anyOf.map((group) => [...group]),
    template: csvExample(of),
  }));
}
