import type { FastifyReply, FastifyRequest } from 'fastify';
import { whenAnswered } from '../answer-over.ts';
import { MOST_TARGETS } from './entry.ts';

/** A read of rows of people. */
export interface PeopleRead {
  dataset: string;
  format: string;
  filters: Record<string, string>;
  /** The users whom the filters name. */
  userIds: readonly string[];
}

/**
 * Notes a read when its answer is over: also one that broke off, and not one that is no 200. Call what it returns with the number
 * of rows of each batch.
 */
export function notePeopleRead(
  { dataset, format, filters, userIds }: PeopleRead,
  request: FastifyRequest,
  reply: FastifyReply,
): (rows: number) => void {
  let rows = 0;
  whenAnswered(request.raw, reply.raw, (complete) => {
    if (reply.raw.statusCode !== 200) return;
    request.server.audit.note(request, 'export.read', {
      targets: userIds.slice(0, MOST_TARGETS).map((reference) => ({ kind: 'user', reference })),
      metadata: { dataset, format, filters, users: userIds.length, rows, complete },
    });
  });
  return (more) => {
    rows += more;
  };
}
