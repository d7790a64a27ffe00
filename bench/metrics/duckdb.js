import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const THREADS = 2;
const RECIPES = new URL('../../docs/recipes.md', import.meta.url);

/** The SQL blocks of docs/recipes.md beneath a heading. */
function recipes(heading) {
  const page = readFileSync(RECIPES, 'utf8');
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```sql\n(.*?)^```/gms)].map(([, text]) => text);
}

/** DuckDB over a folder that contains an export, with the tables and the macro of docs/recipes.md. */
export class DuckDb {
  #instance;
  #connection;
  /** @type {{ firstDay: string, lastDay: string }} */
  #days;

  /**
   * @param {string} dir the folder that contains `export`
   * @param {{ firstDay: string, lastDay: string }} days
   */
  static async open(dir, days) {
    const duckdb = new DuckDb();
    duckdb.#days = days;
    duckdb.#instance = await DuckDBInstance.create(':memory:', { threads: String(THREADS) });
    duckdb.#connection = await duckdb.#instance.connect();
    await duckdb.#connection.run(`SET file_search_path = ${text(dir)}`);
    const [tables] = recipes('Tables');
    for (const view of tables.split(';\n')) {
      const dataset = /'(export\/[^/]+)\//.exec(view)?.[1];
      if (dataset !== undefined && existsSync(join(dir, dataset))) await duckdb.#connection.run(view);
    }
    const [views, macro] = recipes('How are metrics counted?');
    await duckdb.#connection.run(views);
    await duckdb.#connection.run(macro);
    return duckdb;
  }

  /**
   * Writes the rows of a form to a file as NDJSON. Only numbers differ from the server's text: a whole number in a column
   * of other numbers ends with `.0`.
   *
   * @param {import('./forms.js').Form} form
   */
  async write(form, file) {
    const { firstDay, lastDay } = this.#days;
    const { by, period, locationIds, groupIds, subgroups = false, weekdays } = form;
    const day = (column) => `${column} || 'T00:00:00.000Z' AS ${column}`;
    await this.#connection.run(
      `COPY (
         SELECT * REPLACE (${['periodStart', 'firstDay', 'lastDay'].map(day).join(', ')})
         FROM metrics_by('${by}', '${period}', DATE '${firstDay}', DATE '${lastDay}', location_ids := ${list(locationIds)},
                         group_ids := ${list(groupIds)}, with_subgroups := ${subgroups}, on_weekdays := ${list(weekdays)})
       ) TO ${text(file)} (FORMAT json)`,
    );
  }

  close() {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

/** The version of DuckDB that the benchmark uses. */
export function duckDbVersion() {
  const require = createRequire(import.meta.url);
  const { version } = JSON.parse(readFileSync(require.resolve('@duckdb/node-api/package.json'), 'utf8'));
  return version;
}

function list(values) {
  if (!values) return 'NULL';
  return `[${values.map((value) => (typeof value === 'number' ? value : text(value))).join(', ')}]`;
}

function text(value) {
  return `'${value.replaceAll("'", "''")}'`;
}
