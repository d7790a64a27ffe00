import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { whenAnswered } from '../http/answer-over.ts';
import type { Transfers } from '../http/transfers.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { type ZippedFile, zipFile } from './zip-file.ts';

/** The schema of an answer with a ZIP file. */
export const ZIP_ANSWER = {
  description: 'The file. A transfer that breaks off is incomplete.',
  content: {
    'application/zip': {
      schema: Type.Unsafe<Readable>({ description: 'a ZIP file', contentMediaType: 'application/zip' }),
    },
  },
};

interface ZipAnswer {
  /** The name under which a browser saves the file. */
  name: string;
  createdAt: Date;
  database: Database;
  transfers: Transfers;
  /** The files, from one snapshot. What it throws before the first byte is the answer. */
  files: (tx: Tx) => AsyncIterable<ZippedFile>;
  /** Called once an answer of 200 is over, whether the client has all of it or not. */
  onSent: (complete: boolean) => void;
}

/** Answers with a ZIP file, while it is made. The answer holds a slot for exports. */
export async function sendZipFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { name, createdAt, database, transfers, files, onSent }: ZipAnswer,
): Promise<FastifyReply> {
  const { tenantId } = callerOf(request);
  const transfer = await transfers.begin({ kind: 'exports', tenantId }, request, reply);
  const file = transfer.reading(database.stream('exports', tenantId, (tx) => zipFile(files(tx), createdAt)));
  whenAnswered(request.raw, reply.raw, (complete) => {
    if (reply.raw.statusCode === 200) onSent(complete);
  });
  const first = await file.next();
  reply.headers({
    'content-type': 'application/zip',
    'content-disposition': `attachment; filename="${name}"`,
    'cache-control': 'no-store',
  });
  return reply.send(Readable.from(transfer.body(first, file), { objectMode: false }));
}
