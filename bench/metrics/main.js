import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Environment, newDirectory, removeAllDirectories, removeDirectory } from '../environment.js';
import { endWhenInterrupted } from '../processes.js';
import { describeMachine, save, table } from '../report.js';
import { FACTS, FULL, fill, SMALL } from './dataset.js';
import { DuckDb, duckDbVersion } from './duckdb.js';
import { DATASETS, exportFolder } from './folder.js';
import { ROWS } from './rows.js';

const USAGE = `usage: npm run bench:metrics -- [--only ${Object.keys(ROWS).join(',')}] [--people 10000] [--days 366] [--runs 7] [--smoke] [--no-save]
  --smoke    takes seconds, with a small data set; shows that everything runs; measures nothing and saves nothing
  --no-save  does not change bench/results-metrics.json and docs/performance.md`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(ROWS).join(',') },
    people: { type: 'string' },
    days: { type: 'string' },
    runs: { type: 'string' },
    smoke: { type: 'boolean', default: false },
    'no-save': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const names = values.only.split(',');
const usual = values.smoke ? SMALL : FULL;
const people = Number(values.people ?? usual.people);
const days = Number(values.days ?? usual.days);
const runs = Number(values.runs ?? (values.smoke ? 1 : 7));
const isUnderstood =
  names.every((name) => name in ROWS) && people >= 1 && days >= 1 && days <= FULL.days && runs >= 1;
if (values.help || !isUnderstood) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

let environment;
endWhenInterrupted(async () => {
  await environment?.close().catch(() => undefined);
  await removeAllDirectories();
});
const dir = newDirectory();
try {
  const size = `${people.toLocaleString('en')} people, ${days} days`;
  console.error(`Preparing ${size}.`);
  environment = await Environment.create({ people, days }, fill);
  // In a database in use, most rows are not new, and the visibility map has their pages.
  await environment.vacuum([...FACTS, 'users', 'nodes', 'groups']);
  console.error(`The facts take ${Math.round((await environment.bytesOf(FACTS)) / 2 ** 20)} MiB.`);
  const server = await environment.startServer();
  console.error('Exporting.');
  await exportFolder(server.address, environment.data, DATASETS, join(dir, 'export'));
  const duckdb = await DuckDb.open(dir, environment.data);
  const context = { environment, server, duckdb, dir, runs };
  const lines = [];
  for (const name of Object.keys(ROWS).filter((row) => names.includes(row))) {
    context.progress = (message) => console.error(`${name}: ${message}`);
    lines.push(...(await ROWS[name](context)));
  }
  duckdb.close();
  // The figures of such a short run would mislead.
  console.log(values.smoke ? `${names.join(', ')}: all of it runs.` : table(lines));
  if (!values.smoke && !values['no-save']) {
    const machine = {
      ...describeMachine(await environment.version()),
      data: size,
      duckdb: duckDbVersion(),
    };
    save(lines, {
      machine,
      order: Object.keys(ROWS),
      runs,
      file: 'results-metrics.json',
      section: 'benchmark of metrics',
    });
  }
} finally {
  await environment?.close();
  await removeDirectory(dir);
}
