import { csvFile } from '../files/csv-file.ts';
import type { AccountRole } from '../store/auth/account-roles.ts';
import type { Tx } from '../store/connections/db.ts';
import type { Category } from '../store/privacy/category.ts';
import { membersOf, type PersonRow } from '../store/privacy/person-rows.ts';
import { countAccounts, countReads, countRequests, listRecipients } from '../store/privacy/recipients.ts';
import { retentionWords } from '../store/privacy/retention-kinds.ts';
import { readRetention } from '../store/privacy/retention-settings.ts';
import { VERSION } from '../store/release.ts';
import type { ZippedFile } from './zip-file.ts';

const NOT_RECORDED = [
  'The server does not record whose rows an answer had. The reads say who read which dataset, and how often, as far back as the audit trail goes.',
  'The requests say who called which route, in the last 24 hours, and the newest 20,000. The server counts requests that are alike, and may leave some out under load.',
  'Reads and requests do not name people who sign in. They are in one group, without a caller.',
  'The server does not know who received data from a recipient: from a warehouse, from a file that was saved, or from a backup.',
];

/** An export of personal data. */
export interface DataExport {
  tenantId: string;
  createdAt: Date;
  categories: readonly Category[];
  /** The rows of a category about the subject of the export. */
  read: (category: Category) => AsyncIterable<PersonRow[]>;
  /** Members of the manifest that say whom the export is about. */
  subject: Readonly<Record<string, unknown>>;
  /** The datasets that may have rows about the subject; null for all. */
  datasets: readonly string[] | null;
  /** Columns that no category has, with the reason. */
  leftOutOfAll: Readonly<Record<string, string>>;
  /** Further members at the end of the manifest. */
  further?: Readonly<Record<string, unknown>>;
}

/**
 * The files of an export of personal data: of each category a JSON and a CSV file with the same rows, then who may have
 * received them, and at last the manifest. `tx` must have one snapshot. Read each file to its end before the next one.
 */
export async function* exportFiles(tx: Tx, request: DataExport): AsyncGenerator<ZippedFile, void> {
  const counts = new Map<string, number>();
  for (const category of request.categories) {
    let count = 0;
    const counted = async function* () {
      for await (const rows of request.read(category)) {
        count += rows.length;
        if (rows.length > 0) yield rows;
      }
    };
    yield { name: `${category.name}.json`, content: jsonFile(counted()) };
    counts.set(category.name, count);
    yield { name: `${category.name}.csv`, content: csvFile(request.read(category), membersOf(category)) };
  }
  yield { name: 'recipients.json', content: [toJson(await recipientsOf(tx, request))] };
  yield { name: 'manifest.json', content: [toJson(await manifestOf(tx, request, counts))] };
}

async function recipientsOf(tx: Tx, { tenantId, categories, datasets }: DataExport) {
  const readingKeys = new Set(categories.flatMap(({ seenBy }) => seenBy.keys));
  const readingPeople = new Set(categories.flatMap(({ seenBy }) => seenBy.people));
  const counts: Partial<Record<AccountRole, number>> = await countAccounts(tx);
  return {
    programs: await listRecipients(tx, tenantId, [...readingKeys]),
    people: Object.fromEntries([...readingPeople].map((role) => [role, counts[role] ?? 0])),
    reads: await countReads(tx, tenantId, datasets),
    requests: await countRequests(tx, tenantId),
    notRecorded: NOT_RECORDED,
  };
}

async function manifestOf(tx: Tx, request: DataExport, counts: ReadonlyMap<string, number>) {
  const { tenantId, createdAt, categories, subject, leftOutOfAll, further } = request;
  const retention = await readRetention(tx, tenantId);
  return {
    format: 1,
    createdAt,
    createdBy: `Rollcall ${VERSION}`,
    organisationId: tenantId,
    ...subject,
    categories: categories.map(
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
    leftOutOfAll: reasonsOf(leftOutOfAll),
    ...further,
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
