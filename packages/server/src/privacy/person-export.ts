import { csvFile } from '../files/csv-file.ts';
import type { AccountRole } from '../store/auth/account-roles.ts';
import type { Tx } from '../store/connections/db.ts';
import { WITHHELD_TABLES } from '../store/privacy/account-categories.ts';
import { INTERNAL_COLUMNS, type PersonKeys } from '../store/privacy/category.ts';
import { REFUSED_EVENTS } from '../store/privacy/event-categories.ts';
import type { Person } from '../store/privacy/person.ts';
import { CATEGORIES, membersOf, type PersonRow, readPersonRows } from '../store/privacy/person-rows.ts';
import { countAccounts, countRequests, listRecipients } from '../store/privacy/recipients.ts';
import { retentionWords } from '../store/privacy/retention-kinds.ts';
import { type Retention, readRetention } from '../store/privacy/retention-settings.ts';
import { VERSION } from '../store/release.ts';
import { selectRefusedEvents } from './refused-events.ts';
import type { ZippedFile } from './zip-file.ts';

/** Roles that see rows of a category. */
const READING_KEYS = [...new Set(CATEGORIES.flatMap(({ seenBy }) => seenBy.keys))];
const READING_PEOPLE = [...new Set(CATEGORIES.flatMap(({ seenBy }) => seenBy.people))];

const NOT_RECORDED = [
  'The server does not record whose rows an answer had. The requests say only who called which route.',
  'The server keeps requests for 24 hours, and the newest 20,000. It counts requests that are alike, and may leave some out under load.',
  'The record of requests does not name people who sign in. They are in one group, without a caller.',
  'The server does not know who received data from a recipient: from a warehouse, from a file that was saved, or from a backup.',
];

export interface PersonExport {
  tenantId: string;
  person: Person;
  createdAt: Date;
}

/**
 * The files of an export of personal data: of each category a JSON and a CSV file with the same rows, then who may have
 * received them, and at last the manifest. `tx` must have one snapshot. Read each file to its end before the next one.
 */
export async function* personFiles(tx: Tx, request: PersonExport): AsyncGenerator<ZippedFile, void> {
  const { tenantId, person } = request;
  const keys: PersonKeys = { ...person, tenantId };
  const select = selectRefusedEvents(person);
  const counts = new Map<string, number>();
  for (const category of CATEGORIES) {
    const batches = async function* () {
      for await (const rows of readPersonRows(tx, category, keys)) {
        const own = category.name === REFUSED_EVENTS ? select(rows) : rows;
        if (own.length > 0) yield own;
      }
    };
    let count = 0;
    const counted = async function* () {
      for await (const rows of batches()) {
        count += rows.length;
        yield rows;
      }
    };
    yield { name: `${category.name}.json`, content: jsonFile(counted()) };
    counts.set(category.name, count);
    yield { name: `${category.name}.csv`, content: csvFile(batches(), membersOf(category)) };
  }
  const recipients = {
    programs: await listRecipients(tx, tenantId, READING_KEYS),
    people: await peopleByRole(tx),
    requests: await countRequests(tx, tenantId),
    notRecorded: NOT_RECORDED,
  };
  yield { name: 'recipients.json', content: [toJson(recipients)] };
  const retention = await readRetention(tx, tenantId);
  yield { name: 'manifest.json', content: [toJson(manifestOf(request, counts, retention))] };
}

async function peopleByRole(tx: Tx): Promise<Partial<Record<AccountRole, number>>> {
  const counts = await countAccounts(tx);
  return Object.fromEntries(READING_PEOPLE.map((role) => [role, counts[role] ?? 0]));
}

function manifestOf(
  { tenantId, person, createdAt }: PersonExport,
  counts: ReadonlyMap<string, number>,
  retention: Retention,
) {
  const { userId, userName, email, namesOfOthers } = person;
  return {
    format: 1,
    createdAt,
    createdBy: `Rollcall ${VERSION}`,
    organisationId: tenantId,
    person: { userId, userName, email },
    // By these names nothing was looked for.
    namesOfOthers,
    categories: CATEGORIES.map(
      ({ name, title, purpose, source, keptFor, retention: kind, leftOut = {} }) => ({
        name,
        title,
        purpose,
        source,
        keptFor: kind ? retentionWords(retention[kind]) : keptFor,
        files: [`${name}.json`, `${name}.csv`],
        rows: counts.get(name) ?? 0,
        leftOut: reasonsOf(leftOut),
      }),
    ),
    leftOutOfAll: reasonsOf(INTERNAL_COLUMNS),
    notExported: WITHHELD_TABLES.map(({ title, purpose, keptFor, reason }) => ({
      title,
      purpose,
      keptFor,
      reason,
    })),
    recipients: 'recipients.json',
  };
}

function reasonsOf(columns: Readonly<Record<string, string>>) {
  return Object.entries(columns).map(([column, reason]) => ({ column, reason }));
}

/** A JSON array with one row a line. */
async function* jsonFile(batches: AsyncIterable<PersonRow[]>): AsyncGenerator<string, void> {
  let before = '[\n';
  for await (const rows of batches) {
    yield before + rows.map((row) => JSON.stringify(row)).join(',\n');
    before = ',\n';
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
