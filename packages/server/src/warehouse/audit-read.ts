import type { FastifyReply, FastifyRequest } from 'fastify';
import { ACTION_NAMES } from '../http/audit/actions.ts';
import { notePeopleRead } from '../http/audit/reads.ts';
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
 * Notes the read of a dataset for the audit trail (`notePeopleRead`), and its rows for the monitor. Returns what counts the rows. A
 * read without rows of people, such as metrics, has no entry.
 */
export function auditRead(
  { path, ofStatistics }: Dataset,
  { query: { userIds = [] }, format, monitor }: CountedRead,
  request: FastifyRequest,
  reply: FastifyReply,
): <Row>(batches: AsyncIterable<Row[]>) => AsyncIterable<Row[]> {
  if (request.method === 'HEAD') return (batches) => batches;
  const filters = filtersOf(request.query as Record<string, string>);
  const count = ofStatistics
    ? undefined
    : notePeopleRead({ dataset: path, format, filters, userIds }, request, reply);
  return async function* (batches) {
    for await (const batch of batches) {
      if (!isOfRemovals(batch)) {
        count?.(batch.length);
        monitor?.noteRows(path, format, batch.length);
      }
      yield batch;
    }
  };
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
