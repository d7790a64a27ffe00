import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { csvFile } from '../files/csv-file.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { whenAnswered } from './answer-over.ts';
import { Page, wrongParameter } from './bulk.ts';
import type { Transfers } from './transfers.ts';

/** The query parameter of a list that is a file as well. */
export const FORMAT_QUERY = {
  format: Type.Optional(
    Type.String({
      description: 'json, the default: a page; or csv: all rows as a file that can be imported',
    }),
  ),
};

/** The schema of an answer: a page, or the file. */
export function pageOrCsv<T extends TSchema>(item: T) {
  return {
    description: 'a page, or the file',
    content: {
      'application/json': { schema: Page(item) },
      'text/csv': { schema: Type.String() },
    },
  };
}

/** Whether a request asks for the file. Throws a 400 for an unknown format. */
export function wantsCsv(format = 'json'): boolean {
  if (format !== 'json' && format !== 'csv') throw wrongParameter('format', 'must be json or csv');
  return format === 'csv';
}

export interface CsvDownload<Column extends string> {
  tenantId: string;
  /** The name of the file. */
  name: string;
  columns: readonly Column[];
  /** Reads the rows in one transaction, with one snapshot. */
  read: (tx: Tx) => AsyncIterable<Readonly<Record<Column, unknown>>[]>;
  /** What the audit trail says of a file that names people. Absent: the file names nobody. */
  audited?: { dataset: string; filters: Record<string, string>; userIds: readonly string[] };
}

/**
 * Answers with rows as a CSV file. It takes one of the organisation's slots for exports. A failure before the first rows is
 * an ordinary error answer.
 */
export async function sendCsv<Column extends string>(
  { database, transfers }: { database: Database; transfers: Transfers },
  { tenantId, name, columns, read, audited }: CsvDownload<Column>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const transfer = await transfers.begin({ kind: 'exports', tenantId }, request, reply);
  const rows = transfer.reading(database.stream('exports', tenantId, read));
  const file = csvFile(audited ? auditFile(rows, audited, request, reply) : rows, columns);
  const first = await file.next();
  reply.type('text/csv; charset=utf-8; header=present');
  reply.header('content-disposition', `attachment; filename="${name}"`);
  return reply.send(Readable.from(transfer.body(first, file), { objectMode: false }));
}

/** Notes the read of a file when its answer is over: also one that broke off. Returns the rows, and counts them. */
function auditFile<Row>(
  batches: AsyncIterable<Row[]>,
  { dataset, filters, userIds }: NonNullable<CsvDownload<string>['audited']>,
  request: FastifyRequest,
  reply: FastifyReply,
): AsyncIterable<Row[]> {
  let rows = 0;
  whenAnswered(request.raw, reply.raw, (complete) => {
    if (reply.raw.statusCode !== 200) return;
    request.server.audit.note(request, 'export.read', {
      targets: userIds.map((reference) => ({ kind: 'user', reference })),
      metadata: { dataset, format: 'csv', filters, users: userIds.length, rows, complete },
    });
  });
  return (async function* () {
    for await (const batch of batches) {
      rows += batch.length;
      yield batch;
    }
  })();
}
