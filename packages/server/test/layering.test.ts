import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { TOKEN } from './support/sources.ts';

const SOURCE_DIR = fileURLToPath(new URL('../src/', import.meta.url));
const architecture = readFileSync(new URL('../../../docs/architecture.md', import.meta.url), 'utf8');
const LONGEST_FILE = 300;
const SQL = /\b(SELECT\s|INSERT\s+INTO\b|UPDATE\s[\s\S]*?\sSET\b|DELETE\s+FROM\b)/;

/** Its SQL is for the DuckDB file of an export, not for PostgreSQL. */
const DUCKDB_LOADER = 'cli/export/duckdb-loader.ts';

/** The specifier by which a file names another one: in an import, an export or a dynamic import. */
const IMPORT = /\b(?:from|import)\s*\(?\s*'([^']+)'/g;

interface Source {
  /** Path below src, with slashes. */
  path: string;
  text: string;
  /**
   * The files below src that this file imports, including type imports. A circle of types also binds files for a
   * reader.
   */
  imports: string[];
  /** Its string and template literals, as written. */
  literals: string[];
}

const sources: Source[] = readdirSync(SOURCE_DIR, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .map(readSource);

test('the tests find sources', () => {
  expect(sources.length).toBeGreaterThan(30);
  expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(60);
  const imported = new Set(sources.flatMap(({ imports }) => imports));
  const paths = new Set(sources.map(({ path }) => path));
  expect([...imported].filter((path) => !paths.has(path))).toEqual([]);
});

describe('imports', () => {
  const SLICES = ['auth', 'ingest', 'warehouse', 'directory', 'provisioning', 'workday', 'floor', 'privacy'];
  /** Files that any slice may import from another one. */
  const SHARED = [
    'auth/guard.ts',
    'auth/management.ts',
    'workday/plan.ts',
    'workday/leave.ts',
    'workday/leave-dates.ts',
    'workday/attendance.ts',
  ];
  /** Slices that write data of another slice, through its writers. Identity providers maintain users and groups. */
  const STANDS_ON: Record<string, string> = { provisioning: 'directory' };
  const layerOf = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : '.');

  const forbidden = (isForbidden: (from: string, to: string) => boolean) =>
    sources.flatMap(({ path, imports }) =>
      imports.filter((to) => isForbidden(path, to)).map((to) => `${path} imports ${to}`),
    );

  test('are checked for slices that exist', () => {
    const folders = new Set(sources.map(({ path }) => layerOf(path)));
    expect(SLICES.filter((slice) => !folders.has(slice))).toEqual([]);
    expect(SHARED.filter((path) => !sources.some((source) => source.path === path))).toEqual([]);
  });

  test('of the store stay in the store', () => {
    expect(forbidden((from, to) => layerOf(from) === 'store' && layerOf(to) !== 'store')).toEqual([]);
  });

  test('of a slice reach no other slice, except the shared files', () => {
    const found = forbidden(
      (from, to) =>
        SLICES.includes(layerOf(from)) &&
        SLICES.includes(layerOf(to)) &&
        layerOf(from) !== layerOf(to) &&
        STANDS_ON[layerOf(from)] !== layerOf(to) &&
        !SHARED.includes(to),
    );
    expect(found).toEqual([]);
  });

  test('of files stay in files', () => {
    expect(forbidden((from, to) => layerOf(from) === 'files' && layerOf(to) !== 'files')).toEqual([]);
  });

  test('of the embedded server stay there, and only the command line imports it', () => {
    const found = forbidden(
      (from, to) =>
        layerOf(from) !== layerOf(to) &&
        (layerOf(from) === 'embedded' || (layerOf(to) === 'embedded' && layerOf(from) !== 'cli')),
    );
    expect(found).toEqual([]);
  });

  test('of http reach no slice', () => {
    expect(forbidden((from, to) => layerOf(from) === 'http' && SLICES.includes(layerOf(to)))).toEqual([]);
  });

  test('of imports and the demo, which use several slices, are in the command line, and of routes in the app', () => {
    const found = forbidden(
      (from, to) =>
        ['demo', 'folder-import', 'csv-import'].includes(layerOf(to)) &&
        layerOf(from) !== 'cli' &&
        layerOf(from) !== layerOf(to) &&
        !(from === 'app.ts' && to === 'csv-import/routes.ts'),
    );
    expect(found).toEqual([]);
  });

  test('of the app, the jobs and the command line are in the command line only', () => {
    const outer = (path: string) => path === 'app.ts' || ['cli', 'jobs'].includes(layerOf(path));
    const found = forbidden(
      (from, to) => outer(to) && layerOf(from) !== 'cli' && layerOf(from) !== layerOf(to),
    );
    expect(found).toEqual([]);
  });

  test('form no circle', () => {
    expect(circlesOf(new Map(sources.map(({ path, imports }) => [path, imports])))).toEqual([]);
  });

  test('of a room of the store, where all SQL is, reach rooms above it in the table of docs/architecture.md only', () => {
    const ofStore = sources.filter(({ path }) => layerOf(path) === 'store');
    const roomOf = (path: string) => dirname(path);
    expect(ofStore.map(({ path }) => path).filter((path) => roomOf(path) === 'store')).toEqual([
      'store/release.ts',
    ]);
    const [, table = ''] = architecture.split('| room of `store/`');
    const rooms = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)\/`/gm)].map(
      ([, room]) => `store/${room}`,
    );
    const found = new Set(ofStore.map(({ path }) => roomOf(path)).filter((room) => room !== 'store'));
    expect(rooms.toSorted()).toEqual([...found].toSorted());
    const upwards = (from: string, to: string) => rooms.indexOf(roomOf(to)) > rooms.indexOf(roomOf(from));
    expect(forbidden((from, to) => layerOf(from) === 'store' && upwards(from, to))).toEqual([]);
  });
});

test('SQL on tables is in the store only', () => {
  const found = sources
    .filter(({ path }) => !path.startsWith('store/') && path !== DUCKDB_LOADER)
    .flatMap(({ path, literals }) =>
      literals
        .filter((literal) => SQL.test(literal) && !(path.startsWith('embedded/') && isOfServer(literal)))
        .map((literal) => `${path}: ${literal}`),
    );
  expect(found).toEqual([]);
  expect(
    sources.filter(({ literals }) => literals.some((literal) => SQL.test(literal))).length,
  ).toBeGreaterThan(5);
});

test('only config.ts reads the environment', () => {
  const readers = sources.filter(({ text }) =>
    /\bprocess\s*(\?\.|\.|\[['"`])\s*env\b|\benv\b.*from 'node:process'/.test(text),
  );
  expect(readers.map(({ path }) => path)).toEqual(['config.ts']);
});

test('every connection to PostgreSQL is made where several hosts are understood', () => {
  const makers = sources.filter(({ text }) => /\bnew pg\.(Client|Pool)\b/.test(text)).map(({ path }) => path);
  expect(makers.filter((path) => !path.startsWith('embedded/')).toSorted()).toEqual([
    'store/connections/host-state.ts',
    'store/connections/hosts.ts',
  ]);
});

test('only the command line uses the library that parses it', () => {
  const users = sources.filter(({ text }) => /from 'commander'/.test(text)).map(({ path }) => path);
  expect(users.length).toBeGreaterThan(5);
  expect(users.filter((path) => !path.startsWith('cli/'))).toEqual([]);
});

test('no file is too long to read in one sitting', () => {
  const long = sources.map(({ path, text }) => [path, text.trimEnd().split('\n').length] as const);
  expect(long.filter(([, lines]) => lines > LONGEST_FILE)).toEqual([]);
});

/** The circles of a graph, each as its nodes in order. */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, trail: string[]): void => {
    if (trail.includes(node)) circles.push([...trail.slice(trail.indexOf(node)), node].join(' > '));
    if (done.has(node) || trail.includes(node)) return;
    for (const to of graph.get(node) ?? []) visit(to, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return circles;
}

/** Whether SQL concerns the server itself: roles, databases, locks. The embedded server has such SQL of its own. */
function isOfServer(sql: string): boolean {
  return !/\b(FROM|JOIN|INTO|UPDATE)\s+(?!pg_)/.test(sql);
}

function readSource(path: string): Source {
  const text = readFileSync(join(SOURCE_DIR, path), 'utf8');
  const isComment = (token: string) => /^\/[/*]/.test(token);
  const code = text.replace(TOKEN, (token) => (isComment(token) ? ' ' : token));
  return {
    path,
    text,
    imports: [...code.matchAll(IMPORT)].flatMap(([, specifier = '']) => resolveImport(path, specifier)),
    literals: (code.match(TOKEN) ?? []).filter((token) => !isComment(token)),
  };
}

/** The file below src that the specifier names. Packages and files elsewhere give none. */
function resolveImport(from: string, specifier: string): string[] {
  if (!specifier.startsWith('.')) return [];
  const path = normalize(join(dirname(from), specifier)).replaceAll('\\', '/');
  return path.startsWith('..') ? [] : [path];
}
