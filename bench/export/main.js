import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { Environment } from '../environment.js';
import { endWhenInterrupted } from '../processes.js';
import { describeMachine, save, table } from '../report.js';
import { comparison } from '../rows/common.js';
import { inTurn } from '../statistics.js';
import { FIRST_DAY, fill, LAST_DAY, SIZE } from './dataset.js';
import { basicAuthorization, readToEnd } from './reader.js';
import { DATASETS, FORMS } from './sql.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    only: { type: 'string', default: Object.keys(DATASETS).join(',') },
    'no-save': { type: 'boolean', default: false },
  },
});
const names = values.only.split(',');
const runs = Number(values.runs);
if (!names.every((name) => name in DATASETS) || !(runs >= 1)) {
  console.error('usage: npm run bench:export -- [--only presence,attendance] [--runs 5] [--no-save]');
  process.exit(2);
}
if (spawnSync('psql', ['--version']).status !== 0) {
  console.error('The benchmark of exports needs psql, and did not find it. Install the PostgreSQL client.');
  process.exit(2);
}

/** The number of days that are compared at a time. Their parsed rows have to fit into memory. */
const DAYS_COMPARED = 5;

let environment;
endWhenInterrupted(async () => environment?.close());

try {
  console.error('Preparing 1,000,000 presence events and 300,000 plans, which takes a minute.');
  environment = await Environment.create(SIZE, fill);
  // In a database in use, most rows are not new, and the visibility map has their pages.
  await psql('VACUUM ANALYZE presence_events, day_plans, bookings, users, nodes, groups', 'ignore');
  const server = await environment.startServer();
  const lines = [];
  for (const name of names) lines.push(await measure(name, server));
  console.log(table(lines));
  const machine = describeMachine(await environment.version());
  const file = 'results-export.json';
  if (!values['no-save']) {
    save(lines, { machine, order: Object.keys(DATASETS), runs, file, section: 'benchmark of exports' });
  }
} finally {
  await environment?.close();
}

async function measure(name, { address }) {
  const dataset = DATASETS[name];
  const progress = (message) => console.error(`${name}: ${message}`);
  const { rows, form } = await fastestForm(dataset, address, progress);
  const { ours, theirs } = await inTurn(
    runs,
    {
      ours: () =>
        timed(rows, () => readToEnd(address, pathOf(dataset), basicAuthorization(environment.data.key))),
      theirs: () => timed(rows, () => psql(copy(FORMS[form](dataset, FIRST_DAY, LAST_DAY)), 'ignore')),
    },
    progress,
  );
  const what = `JSON of ${rows.toLocaleString('en')} rows of ${dataset.path}`;
  const { driverCpu: _, ...line } = comparison({
    row: name,
    what,
    unit: 'rows/s',
    ours,
    against: `psql, ${form}`,
    theirs,
    goal: dataset.goal,
  });
  return line;
}

/** Runs each form of the SQL once, and returns the fastest. Throws if its rows differ from the export, or their order does. */
async function fastestForm(dataset, address, progress) {
  const seconds = {};
  for (const form of Object.keys(FORMS)) {
    const startedMs = performance.now();
    await psql(copy(FORMS[form](dataset, FIRST_DAY, LAST_DAY)), 'ignore');
    seconds[form] = (performance.now() - startedMs) / 1_000;
    progress(`${form} ${seconds[form].toFixed(1)} s`);
  }
  const [form] = Object.keys(FORMS).sort((a, b) => seconds[a] - seconds[b]);
  let rows = 0;
  for (let day = FIRST_DAY; day <= LAST_DAY; day = addDays(day, DAYS_COMPARED)) {
    const theirs = [];
    const last = addDays(day, DAYS_COMPARED - 1);
    const left = await download(dataset, address, day, last);
    await psql(copy(FORMS[form](dataset, day, last)), 'pipe', (chunk) => theirs.push(chunk));
    const right = parseCopy(Buffer.concat(theirs));
    if (left.length === 0 || left.length !== right.length)
      throw new Error(`${day}: ${left.length} rows, ${right.length} by psql`);
    for (const [index, row] of left.entries()) {
      if (canonical(row) !== canonical(right[index]))
        throw new Error(`${day}, row ${index}: ${canonical(row)} is ${canonical(right[index])} by psql`);
    }
    rows += left.length;
  }
  progress(`${rows} rows are equal`);
  return { rows, form };
}

function addDays(day, count) {
  return new Date(Date.parse(day) + count * 86_400_000).toISOString().slice(0, 10);
}

/** The rows of text that COPY wrote. COPY writes a backslash as two. */
function parseCopy(bytes) {
  const lines = bytes.toString().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line.replaceAll('\\\\', '\\')));
}

function canonical(row) {
  return JSON.stringify(Object.entries(row).filter(([, value]) => value !== null));
}

async function timed(rows, work) {
  const startedMs = performance.now();
  await work();
  return { perSecond: (rows / (performance.now() - startedMs)) * 1_000 };
}

function pathOf({ path }, first = FIRST_DAY, last = LAST_DAY) {
  return `/v1/analytics/${path}/basic?startDate=${first}&endDate=${last}`;
}

/** The rows of an export, parsed. */
async function download(dataset, { host, port }, first, last) {
  const url = `http://${host}:${port}${pathOf(dataset, first, last)}`;
  const reply = await fetch(url, { headers: { authorization: basicAuthorization(environment.data.key) } });
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
  return reply.json();
}

function copy(sql) {
  return `COPY (${sql}) TO STDOUT`;
}

/** Runs `psql -c`. `output` is `ignore`, or `pipe` to pass the output to `take`. */
async function psql(command, output, take) {
  const { host, port, user, password, database, connectionString } = environment.target;
  const settings = [
    'search_path=rollcall',
    'timezone=UTC',
    'jit=off',
    `rollcall.tenant_id=${environment.data.tenantId}`,
  ];
  const child = spawn('psql', ['-X', '-q', '-c', command, ...(connectionString ? [connectionString] : [])], {
    stdio: ['ignore', output, 'inherit'],
    env: {
      PATH: process.env.PATH,
      PGOPTIONS: settings.map((setting) => `-c ${setting}`).join(' '),
      PGCLIENTENCODING: 'UTF8',
      ...(connectionString
        ? {}
        : { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database }),
    },
  });
  child.stdout?.on('data', take);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`psql ended with ${code}.`);
}
