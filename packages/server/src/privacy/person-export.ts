import type { Tx } from '../store/connections/db.ts';
import { WITHHELD_TABLES } from '../store/privacy/account-categories.ts';
import { INTERNAL_COLUMNS, type PersonKeys } from '../store/privacy/category.ts';
import { REFUSED_EVENTS } from '../store/privacy/event-categories.ts';
import type { Person } from '../store/privacy/person.ts';
import { CATEGORIES, readPersonRows } from '../store/privacy/person-rows.ts';
import { exportFiles } from './export-files.ts';
import { selectRefusedEvents } from './refused-events.ts';
import type { ZippedFile } from './zip-file.ts';

export interface PersonExport {
  tenantId: string;
  person: Person;
  createdAt: Date;
}

/** The files of an export of everything that is held about a person. See `exportFiles`. */
export function personFiles(
  tx: Tx,
  { tenantId, person, createdAt }: PersonExport,
): AsyncGenerator<ZippedFile, void> {
  const keys: PersonKeys = { ...person, tenantId };
  const { userId, userName, email, namesOfOthers } = person;
  const select = selectRefusedEvents(person);
  return exportFiles(tx, {
    tenantId,
    createdAt,
    categories: CATEGORIES,
    read: async function* (category) {
      for await (const rows of readPersonRows(tx, category, keys))
        yield category.name === REFUSED_EVENTS ? select(rows) : rows;
    },
    // By the names of others nothing was looked for.
    subject: { person: { userId, userName, email }, namesOfOthers },
    datasets: null,
    leftOutOfAll: INTERNAL_COLUMNS,
    further: {
      notExported: WITHHELD_TABLES.map(({ title, purpose, keptFor, reason }) => ({
        title,
        purpose,
        keptFor,
        reason,
      })),
    },
  });
}
