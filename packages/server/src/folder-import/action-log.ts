import { createHash } from 'node:crypto';
import { formatInstant, parseInstant } from '../http/instants.ts';
import { textsFault } from '../ingest/values.ts';
import { listRecordedUsers } from '../store/directory/recorded-subjects.ts';
import { insertRecordedEntries, type RecordedEntry } from '../store/workday/recorded-entries.ts';
import { guid, needDay, needGuid, needText, object, type Row, RowFault, text } from './cells.ts';
import { type ImportTarget, loadEach, type Outcome, type SourceRow } from './target.ts';

const MOST_AT_ONE_MOMENT = 0xfff;
const AUTHORS = ['user', 'admin', 'engine', 'integration'] as const;

/** Loads the action log as it was written elsewhere. One for all its files: entries of one moment keep their order. */
export class ActionLogLoader {
  readonly #target: ImportTarget;
  #moment = '';
  #counter = 0;

  constructor(target: ImportTarget) {
    this.#target = target;
  }

  readonly load = (rows: SourceRow[]): Promise<Outcome[]> =>
    loadEach(
      rows,
      ({ row }) => this.#read(row),
      async (entries) => {
        const { tenantId, retrying } = this.#target;
        const userIds = [...new Set(entries.map(({ userId }) => userId))];
        const { known, added } = await retrying(async (tx) => {
          const known = new Set(
            (await listRecordedUsers(tx, tenantId, userIds, [])).map(({ userId }) => userId),
          );
          const sound = entries.filter(({ userId }) => known.has(userId));
          return { known, added: await insertRecordedEntries(tx, tenantId, sound) };
        });
        return entries.map(({ userId, entryId }): Outcome => {
          if (!known.has(userId)) return { refused: `userId ${userId} is not known` };
          return { result: added.has(entryId) ? 'stored' : 'already' };
        });
      },
    );

  #read(row: Row): RecordedEntry {
    const time = needText(row, 'eventTime', 'timestamp');
    const loggedAtUs = parseInstant(time);
    if (loggedAtUs === undefined)
      throw new RowFault('eventTime must be an ISO 8601 date and time that exists');
    const userId = needGuid(row, 'userId');
    const category = needText(row, 'category').trim().toLowerCase();
    if (category !== 'plan' && category !== 'booking') throw new RowFault('category must be plan or booking');
    const action = needText(row, 'action');
    const said = text(row, 'changedBy')?.trim().toLowerCase();
    const changedBy = AUTHORS.find((author) => author === said) ?? 'integration';
    const entry = {
      loggedAt: formatInstant(loggedAtUs),
      userId,
      day: needDay(row, 'day'),
      category,
      action,
      description: text(row, 'description') ?? action,
      changedBy,
      changedByName: text(row, 'changedByName') ?? (said === changedBy ? null : (said ?? null)),
      reason: text(row, 'reason') ?? null,
      before: object(row, 'before'),
      after: object(row, 'after'),
    } as const;
    const { description, changedByName, reason } = entry;
    const fault = textsFault({ action, description, changedByName, reason });
    if (fault) throw new RowFault(fault);
    const actionId = guid(row, 'actionId') ?? madeId([entry.loggedAt, userId, entry.day]);
    return { ...entry, actionId, entryId: this.#entryId({ ...entry, actionId }, loggedAtUs) };
  }

  /**
   * A UUID of version 7 that follows from what the entry says and from how many of the same person's came before it in the same
   * moment: read again, it is the same.
   */
  #entryId(entry: Omit<RecordedEntry, 'entryId'>, loggedAtUs: number): string {
    const moment = `${entry.userId} ${loggedAtUs}`;
    this.#counter = moment === this.#moment ? Math.min(this.#counter + 1, MOST_AT_ONE_MOMENT) : 0;
    this.#moment = moment;
    const time = Math.floor(loggedAtUs / 1_000)
      .toString(16)
      .padStart(12, '0');
    const counter = this.#counter.toString(16).padStart(3, '0');
    const made = madeId([entry.actionId, entry.category, entry.day]);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-8${made.slice(20)}`;
  }
}

/** A UUID that stands for these texts. */
function madeId(texts: string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(texts)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
