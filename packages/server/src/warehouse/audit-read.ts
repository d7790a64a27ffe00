import type { FastifyReply, FastifyRequest } from 'fastify';
import { whenAnswered } from '../http/answer-over.ts';
import { ACTION_NAMES } from '../http/audit/actions.ts';
import { MOST_TARGETS } from '../http/audit/entry.ts';
import { wrongParameter } from '../http/bulk.ts';
import type { Monitor } from '../http/monitoring/monitor.ts';
import type { ExportQuery } from '../store/warehouse/query.ts';
import type { Dataset } from './dataset.ts';

/** Parameters that are no filters, or that name people. */
const NO_FILTERS = ['userIds', 'format', 'after'];
const LONGEST_FILTER = 200;

/** A read of a dataset. `format` is the name of a format, and `monitor` counts the rows. */
interface CountedRead {
  query: Pick<ExportQuery, 'userIds'>;
  format: string;
  monitor?: Pick<Monitor, 'noteRows'> | undefined;
}

/**
 * Notes the read of a dataset when its answer is over: also one that broke off. Returns what counts the rows. An answer
 * without rows of people, such as metrics, and one that is no 200 have no entry.
 */
export function auditRead(
  { path, ofStatistics }: Dataset,
  { query: { userIds = [] }, format, monitor }: CountedRead,
  request: FastifyRequest,
  reply: FastifyReply,
): <Row>(batches: AsyncIterable<Row[]>) => AsyncIterable<Row[]> {
  let rows = 0;
  const count = async function* <Row>(batches: AsyncIterable<Row[]>) {
    for await (const batch of batches) {
      if (!isOfRemovals(batch)) {
        rows += batch.length;
        monitor?.noteRows(path, format, batch.length);
      }
      yield batch;
    }
  };
  if (request.method === 'HEAD' || (ofStatistics && !monitor)) return (batches) => batches;
  if (ofStatistics) return count;
  whenAnswered(request.raw, reply.raw, (complete) => {
    if (reply.raw.statusCode !== 200) return;
    request.server.audit.note(request, 'export.read', {
      targets: userIds.slice(0, MOST_TARGETS).map((reference) => ({ kind: 'user', reference })),
      metadata: {
        dataset: path,
        format,
        filters: filtersOf(request.query as Record<string, string>),
        users: userIds.length,
        rows,
        complete,
      },
    });
  });
  return count;
}

/** Rows about days whose rows were removed name nobody. They are a batch of their own. */
function isOfRemovals([first]: readonly unknown[]): boolean {
  return typeof first === 'object' && first !== null && 'removedFrom' in first;
}

/** The parameters of a call as an entry has them. */
export function filtersOf(parameters: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([name]) => !NO_FILTERS.includes(name))
      .map(([name, value]) => [name, String(value).slice(0, LONGEST_FILTER)]),
  );
}

/** Throws a 400 for an action that there is not, because no row would ever match it. */
export function readActions(text: string | undefined): string[] | undefined {
  const actions = text?.split(',').map((each) => each.trim());
  const unknown = actions?.find((each) => !ACTION_NAMES.some((name) => name === each));
  if (unknown === undefined) return actions;
  throw wrongParameter('actions', `has an action that there is not; there are ${ACTION_NAMES.join(', ')}`);
}
