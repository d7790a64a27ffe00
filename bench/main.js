import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FULL, SMALL } from './dataset.js';
import { Environment, removeAllDirectories } from './environment.js';
import { endWhenInterrupted } from './processes.js';
import { summarizeProfiles } from './profile.js';
import { describeMachine, save, table } from './report.js';
import { logins, metricsCost, tokens } from './rows/auth.js';
import { install } from './rows/install.js';
import { latency, memory, presence, single } from './rows/presence.js';
import { replicas } from './rows/replicas.js';
import { startup } from './rows/startup.js';
import { large, volume } from './rows/volume.js';

/** In the order of the table. `memory` comes after the loads that it measures. */
const ROWS = {
  logins,
  'metrics-cost': metricsCost,
  tokens,
  presence,
  single,
  replicas,
  latency,
  memory,
  volume,
  large,
  startup,
  install,
};
/** Rows that take an hour and most of a disk. They run only if `--only` names them. */
const NOT_USUAL = ['large'];
/** Rows that take too long for `--smoke`. They run only if `--only` names them. */
const NOT_SMOKE = ['volume', 'install'];

const USAGE = `usage: npm run bench -- [--only ${Object.keys(ROWS).join(',')}] [--runs 5] [--seconds 5] [--millions 200] [--smoke] [--no-save] [--profile directory]
  --millions stored events of the row large, which runs only if --only names it
  --smoke    takes seconds, with a small data set; shows that everything runs; measures nothing and saves nothing
  --no-save  does not change bench/results.json and docs/performance.md
  --profile  writes a CPU profile of the server to the directory and prints a summary; use it for one row (--only logins); it makes the figures worse`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    runs: { type: 'string' },
    seconds: { type: 'string' },
    millions: { type: 'string', default: '200' },
    smoke: { type: 'boolean', default: false },
    'no-save': { type: 'boolean', default: false },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const usual = Object.keys(ROWS).filter(
  (name) => !NOT_USUAL.includes(name) && !(values.smoke && NOT_SMOKE.includes(name)),
);
const names = values.only?.split(',') ?? usual;
const runs = Number(values.runs ?? (values.smoke ? 1 : 5));
const seconds = Number(values.seconds ?? (values.smoke ? 0.3 : 5));
const millions = Number(values.millions);
const isUnderstood = names.every((name) => name in ROWS) && runs >= 1 && seconds > 0 && millions >= 1;
if (values.help || !isUnderstood) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

let environment;
endWhenInterrupted(async () => {
  await environment?.close().catch(() => undefined);
  await removeAllDirectories();
});
const lines = [];
try {
  console.error('Preparing the data set.');
  const size = values.smoke ? SMALL : FULL;
  environment = await Environment.create(size);
  const server = await environment.startServer({
    node: values.profile ? ['--cpu-prof', `--cpu-prof-dir=${resolve(values.profile)}`] : [],
  });
  const context = {
    environment,
    server,
    size,
    isSmoke: values.smoke,
    millions,
    runs,
    pace: (lanes) => ({ lanes, warmupS: Math.min(2, seconds), seconds }),
    batchesPerSecond: undefined,
  };
  for (const name of Object.keys(ROWS).filter((row) => names.includes(row))) {
    context.progress = (message) => console.error(`${name}: ${message}`);
    lines.push(...(await ROWS[name](context)));
  }
  const machine = describeMachine(await environment.version());
  // The figures of such a short run would mislead.
  console.log(values.smoke ? `${names.join(', ')}: all of it runs.` : table(lines));
  if (!values.smoke && !values.profile && !values['no-save'])
    save(lines, { machine, order: Object.keys(ROWS), runs, seconds });
} finally {
  await environment?.close();
}
// The server writes the profile when it ends.
if (values.profile) console.log(`\n${summarizeProfiles(resolve(values.profile))}`);
