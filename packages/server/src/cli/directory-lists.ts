import { Command, Option } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { CSV_KINDS } from '../csv-import/kinds.ts';
import { toCsv } from '../files/csv-text.ts';
import { addOperatorEntry, listedBy } from '../http/audit/operator.ts';
import type { Tx } from '../store/connections/db.ts';
import { listGroupRows } from '../store/directory/group-records.ts';
import { listNodeDetails } from '../store/directory/node-list.ts';
import type { NodeKind } from '../store/directory/nodes.ts';
import { listUsers } from '../store/directory/user-list.ts';
import { fold } from '../store/values/fold.ts';
import type { PageWindow } from '../store/values/page.ts';
import { getOrganisation, withContext } from './context.ts';
import { toOptions } from './options.ts';
import { formatTable, forTerminal, print, remark } from './output.ts';

type Format = 'table' | 'csv' | 'json';

interface ListOptions extends DataConfig {
  org?: string;
  search?: string;
  format?: Format;
}

/** A row of the directory, with the columns of its CSV file and maybe more. */
type ListedRow = Record<string, unknown>;

/** The lists, by the kind of their CSV file. */
const LISTS = {
  locations: (tx: Tx, tenantId: string) => listNodes(tx, tenantId, 'location', 'location'),
  desks: (tx: Tx, tenantId: string) => listNodes(tx, tenantId, 'place', 'desk'),
  spaces: (tx: Tx, tenantId: string) => listNodes(tx, tenantId, 'space', 'space'),
  users: listAllUsers,
  groups: listGroups,
};

const PAGE_ROWS = 1_000;
const BY_NAME = new Intl.Collator('en', { numeric: true });

/** `rollcall locations|desks|spaces|users|groups list`. */
export function directoryListCommand(kind: keyof typeof LISTS): Command {
  const list = new Command('list')
    .description(`list the ${kind}, active and inactive, with their ids`)
    .option('--search <text>', 'only rows with a value that contains the text, in any case')
    .addOption(
      new Option(
        '--format <format>',
        '"rollcall import" reads the CSV (default: table on a terminal, otherwise csv)',
      ).choices(['table', 'csv', 'json'] satisfies Format[]),
    )
    .option('--org <slug>', 'the organisation; required if there are several')
    .action(async (options: ListOptions) => {
      const columns = CSV_KINDS[kind].columns.map(({ name }): string => name);
      const listed = await withContext(options, `rollcall ${kind}`, async ({ owner }) => {
        const { tenantId } = await getOrganisation(owner, options.org);
        return owner.inTenant(tenantId, async (tx): Promise<ListedRow[]> => {
          if (kind === 'users')
            await addOperatorEntry(tx, 'people.listed', {
              tenantId,
              metadata: listedBy('users'),
              atMs: Date.now(),
            });
          return LISTS[kind](tx, tenantId);
        });
      });
      const rows = listed
        .map((row) => columns.map((column) => row[column] ?? null))
        .filter((cells) => contains(cells, options.search))
        .sort(([, a], [, b]) => BY_NAME.compare(toText(a), toText(b)));
      show(kind, { columns, rows, format: options.format ?? (process.stdout.isTTY ? 'table' : 'csv') });
    });
  for (const option of toOptions(DATA_SETTINGS)) list.addOption(option);
  return new Command(kind).description(`${kind} of an organisation`).addCommand(list);
}

/** `word` is the prefix of the columns of id and name: `deskId`, `deskName`. */
async function listNodes(tx: Tx, tenantId: string, kind: NodeKind, word: string): Promise<ListedRow[]> {
  const nodes = await allPages(
    (window) => listNodeDetails(tx, tenantId, { kind }, window),
    ({ nodeId }) => nodeId,
  );
  return nodes.map((node) => ({ ...node, [`${word}Id`]: node.nodeId, [`${word}Name`]: node.name }));
}

async function listAllUsers(tx: Tx, tenantId: string): Promise<ListedRow[]> {
  const users = await allPages(
    (window) => listUsers(tx, tenantId, {}, window),
    ({ userId }) => userId,
  );
  return users.map((user) => ({ ...user }));
}

async function listGroups(tx: Tx, tenantId: string): Promise<ListedRow[]> {
  const groups = await listGroupRows(tx, tenantId);
  const byId = new Map(groups.map((group) => [group.groupId, group]));
  return groups.map(({ groupId, name, groupType, parentId, status }) => {
    const parent = byId.get(parentId ?? '');
    return {
      groupId,
      groupName: name,
      groupType,
      parentGroupId: parentId,
      parentGroupName: parent?.name,
      parentGroupType: parent?.groupType,
      status,
    };
  });
}

async function allPages<Row>(
  list: (window: PageWindow) => Promise<Row[]>,
  idOf: (row: Row) => string,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: string | null = null; ; ) {
    const page = await list({ limit: PAGE_ROWS, after });
    rows.push(...page.slice(0, PAGE_ROWS));
    const last = rows.at(-1);
    if (page.length <= PAGE_ROWS || last === undefined) return rows;
    after = idOf(last);
  }
}

function toText(value: unknown): string {
  return value === null ? '' : String(value);
}

function contains(cells: unknown[], text: string | undefined): boolean {
  return text === undefined || cells.some((cell) => fold(toText(cell)).includes(fold(text)));
}

function show(
  kind: string,
  { columns, rows, format }: { columns: string[]; rows: unknown[][]; format: Format },
): void {
  if (format === 'json') {
    print(
      JSON.stringify(
        rows.map((cells) => Object.fromEntries(columns.map((column, at) => [column, cells[at]]))),
      ),
    );
  } else if (format === 'csv') {
    process.stdout.write(toCsv([columns, ...rows.map((cells) => cells.map(toText))]));
  } else if (rows.length === 0) {
    remark(`There are no such ${kind}.`);
  } else {
    print(formatTable(rows.map((cells) => inTable(columns, cells))));
  }
}

/** The row's own id and name come first. Ids of its parents are omitted, because their names are present. */
function inTable(columns: string[], cells: unknown[]): Record<string, string> {
  const shown = columns.map((column, at) => [column, forTerminal(toText(cells[at] ?? null))] as const);
  return Object.fromEntries(shown.filter(([column], at) => at === 0 || !column.endsWith('Id')));
}
