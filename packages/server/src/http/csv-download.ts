import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { csvFile } from '../files/csv-file.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { notePeopleRead, type PeopleRead } from './audit/reads.ts';
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
  audited?: Omit<PeopleRead, 'format'>;
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
  const count = audited && notePeopleRead({ ...audited, format: 'csv' }, request, reply);
  const file = csvFile(count ? counted(rows, count) : rows, columns);
  const first = await file.next();
  reply.type('text/csv; charset=utf-8; header=present');
  reply.header('content-disposition', `attachment; filename="${name}"`);
  return reply.send(Readable.from(transfer.body(first, file), { objectMode: false }));
}

/** Returns the rows, and calls `count` with the number of each batch. */
async function* counted<Row>(
  batches: AsyncIterable<Row[]>,
  count: (rows: number) => void,
): AsyncGenerator<Row[], void> {
  for await (const batch of batches) {
    count(batch.length);
    yield batch;
  }
}
