import type { DataConfig } from '../config.ts';
import type { Tx } from '../store/connections/db.ts';
import {
  type CountedCause,
  listRefusalCauses,
  listRefusalReasons,
  listRefusedEvents,
  type RefusalReason,
  type RefusedEvent,
  type RefusedEventFilter,
  type RefusedEventState,
} from '../store/events/refused-event-lists.ts';
import { formatTable, formatTime, forTerminal, print, remark } from './output.ts';

/** The options of `rollcall events list`. */
export interface ListOptions extends DataConfig {
  since?: Date;
  cause?: string;
  state: RefusedEventState;
  groupBy?: 'cause' | 'reason';
  limit: number;
  json?: true;
  org?: string;
}

type Row = RefusedEvent | RefusalReason | CountedCause;

/** Prints refused events, or counts of them. */
export async function printRefused(tx: Tx, tenantId: string, options: ListOptions): Promise<void> {
  const { since, cause, state, groupBy, limit, json } = options;
  const filter = { since, cause, state };
  const rows = await listRows(tx, tenantId, filter, { groupBy, limit });
  const shown = rows.slice(0, limit);
  if (json) {
    for (const row of shown) print(toJson(row));
  } else if (shown.length === 0) {
    remark('Nothing was refused.');
  } else {
    print(formatTable(shown.map(toCells)));
  }
  if (rows.length > limit) remark(`There are more; --limit shows more than ${limit}.`);
}

/** The cells of a row of any of the lists. */
function toCells(row: Row): Record<string, string> {
  if ('retriable' in row) {
    const { count, retriable, endpoints, lastRefusedAt, lastReason } = row;
    return {
      count: String(count),
      'can be retried': String(retriable),
      cause: row.cause ?? '-',
      endpoints: endpoints.join(', '),
      last: formatTime(lastRefusedAt),
      'last reason': forTerminal(lastReason),
    };
  }
  const { endpoint, resultCode } = row;
  const cause = row.cause ?? '-';
  const reason = forTerminal(row.reason);
  const code = resultCode === null ? 'request' : String(resultCode);
  if ('count' in row) {
    const { count, lastRefusedAt, lastSourceId, lastEventId } = row;
    const last = `${quote(lastSourceId)} ${quote(lastEventId)}`;
    return {
      count: String(count),
      endpoint,
      code,
      cause,
      reason,
      last: formatTime(lastRefusedAt),
      'last event': last,
    };
  }
  const { refusedAt, sourceId, eventId } = row;
  return {
    refused: formatTime(refusedAt),
    endpoint,
    source: quote(sourceId),
    event: quote(eventId),
    code,
    cause,
    reason,
  };
}

function listRows(
  tx: Tx,
  tenantId: string,
  filter: RefusedEventFilter,
  { groupBy, limit }: Pick<ListOptions, 'limit'> & { groupBy: ListOptions['groupBy'] | undefined },
): Promise<Row[]> {
  if (groupBy === 'cause') return listRefusalCauses(tx, tenantId, filter);
  if (groupBy === 'reason') return listRefusalReasons(tx, tenantId, filter, limit + 1);
  return listRefusedEvents(tx, tenantId, filter, { limit: limit + 1, after: undefined });
}

/** JSON for a terminal. `JSON.stringify` escapes only the control characters below U+0020. */
export function toJson(row: object): string {
  return JSON.stringify(row).replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A text in quotes, shortened for a table. */
export function quote(text: string | null): string {
  return text === null ? '-' : JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
