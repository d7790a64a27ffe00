import { createHash } from 'node:crypto';
import { formatInstant, parseInstant } from '../http/instants.ts';
import { aheadFault, textsFault } from '../ingest/values.ts';
import { listRecordedUsers } from '../store/directory/recorded-subjects.ts';
import { noteNamesWritten } from '../store/privacy/ended-names.ts';
import { insertRecordedEntries, type RecordedEntry } from '../store/workday/recorded-entries.ts';
import { guid, needDay, needGuid, needText, object, type Row, RowFault, text } from './cells.ts';
import { type ImportTarget, loadEach, type Outcome, type SourceRow } from './target.ts';

const COUNTER_LIMIT = 0xfff;
const AUTHORS = ['user', 'admin', 'engine', 'integration'] as const;

/**
 * Loads the action log of the export. One loader serves all its files, so that entries of one instant keep their
 * order.
 */
export class ActionLogLoader {
  readonly #target: ImportTarget;
  #lastKey = '';
  #counter = 0;

  constructor(target: ImportTarget) {
    this.#target = target;
  }

  readonly load = (rows: SourceRow[]): Promise<Outcome[]> =>
    loadEach(
      rows,
      ({ row }) => this.#read(row),
      async (entries) => {
        const { tenantId, author, retrying } = this.#target;
        const userIds = [...new Set(entries.map(({ userId }) => userId))];
        const { known, added } = await retrying(async (tx) => {
          const known = new Set(
            (await listRecordedUsers(tx, tenantId, userIds, [])).map(({ userId }) => userId),
          );
          const sound = entries.filter((entry) => known.has(entry.userId));
          const added = await insertRecordedEntries(tx, tenantId, sound);
          await noteNamesWritten(
            tx,
            tenantId,
            sound.map(({ loggedAt }) => loggedAt.slice(0, 10)),
            author.at,
          );
          return { known, added };
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
    const ahead = aheadFault(loggedAtUs, this.#target.author.at.getTime());
    if (ahead) throw new RowFault(`eventTime ${ahead}`);
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
    if (fault) throw new RowFault(fault.message);
    const actionId = guid(row, 'actionId') ?? madeId([entry.loggedAt, userId, entry.day]);
    return { ...entry, actionId, entryId: this.#entryId({ ...entry, actionId }, loggedAtUs) };
  }

  /**
   * Makes a UUID of version 7 from the content of the entry and a counter. The counter is the number of entries of
   * the same user at the same instant that came directly before. When the import reads the entry again, the UUID is
   * the same.
   */
  #entryId(entry: Omit<RecordedEntry, 'entryId'>, loggedAtUs: number): string {
    const key = `${entry.userId} ${loggedAtUs}`;
    this.#counter = key === this.#lastKey ? Math.min(this.#counter + 1, COUNTER_LIMIT) : 0;
    this.#lastKey = key;
    const time = Math.floor(loggedAtUs / 1_000)
      .toString(16)
      .padStart(12, '0');
    const counter = this.#counter.toString(16).padStart(3, '0');
    const made = madeId([entry.actionId, entry.category, entry.day]);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-8${made.slice(20)}`;
  }
}

/** Makes a UUID from the hash of these texts. */
function madeId(texts: string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(texts)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
