import { parseArgs } from 'node:util';
import { describeMachine, save, table } from '../report.js';
import { measureSites } from './measure.js';
import { sizeOf } from './people.js';
import { consolePages } from './rows/console.js';
import { exports, memory } from './rows/exports.js';
import { horizon } from './rows/horizon.js';
import { imports } from './rows/import.js';
import { parquet } from './rows/parquet.js';
import { scim } from './rows/scim.js';
import { search } from './rows/search.js';
import { submit } from './rows/submit.js';
import { withSites } from './site.js';

/**
 * In the order of the table. `submit` needs an empty table of events, and `parquet` fills it. `console` adds plans and events
 * of other days. `scim` creates users, so rows that count users come before it.
 */
const ROWS = {
  import: imports,
  horizon,
  submit,
  parquet,
  search,
  exports,
  console: consolePages,
  scim,
  memory,
};
const FULL_PEOPLE = 100_000;
const SMOKE_PEOPLE = 400;
/** The horizon is compared with that of an organisation of so many times fewer people. */
const SMALLER = 10;

const USAGE = `usage: npm run bench:scale -- [--only ${Object.keys(ROWS).join(',')}] [--people ${FULL_PEOPLE}] [--runs 3] [--smoke] [--no-save]
  --smoke    takes seconds, with a small data set; shows that everything runs; measures nothing and saves nothing
  --no-save  does not change bench/results-scale.json and docs/performance.md`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(ROWS).join(',') },
    people: { type: 'string' },
    runs: { type: 'string' },
    smoke: { type: 'boolean', default: false },
    'no-save': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const names = values.only.split(',');
const people = Number(values.people ?? (values.smoke ? SMOKE_PEOPLE : FULL_PEOPLE));
const runs = Number(values.runs ?? (values.smoke ? 1 : 3));
const seconds = values.smoke ? 0.3 : 3;
const isUnderstood = names.every((name) => name in ROWS) && people >= 2 * SMALLER && runs >= 1;
if (values.help || !isUnderstood) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

await withSites(async (opened) => {
  const size = sizeOf(people);
  const smallSize = { ...size, people: Math.round(people / SMALLER) };
  const progressOf = (name) => (message) => console.error(`${name}: ${message}`);
  const sites = { size, smallSize, names, runs, ...opened, progress: progressOf('preparing') };
  const { environment, measured } = await measureSites(sites);
  // Jobs would run at any time, and take part of the machine.
  const server = await environment.startServer({ args: ['--jobs', 'off'] });
  const context = {
    environment,
    server,
    measured,
    size,
    smallSize,
    runs,
    isSmoke: values.smoke,
    dir: opened.dir,
    pace: (lanes) => ({ lanes, warmupS: Math.min(1, seconds), seconds }),
  };
  const lines = [];
  for (const name of Object.keys(ROWS).filter((row) => names.includes(row))) {
    context.progress = progressOf(name);
    lines.push(...(await ROWS[name](context)));
  }
  // The figures of such a short run would mislead.
  console.log(values.smoke ? `${names.join(', ')}: all of it runs.` : table(lines));
  if (!values.smoke && !values['no-save']) {
    const { fastify: _, oidcProvider: __, ...machine } = describeMachine(await environment.version());
    const count = (number) => number.toLocaleString('en');
    save(lines, {
      machine: { ...machine, data: `${count(size.people)} people, ${count(size.desks)} desks` },
      order: Object.keys(ROWS),
      runs,
      file: 'results-scale.json',
      section: 'benchmark of scale',
    });
  }
});
