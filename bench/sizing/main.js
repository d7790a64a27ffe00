import { parseArgs } from 'node:util';
import { describeMachine } from '../report.js';
import { withSites } from '../scale/site.js';
import { saveSizes, tables } from './report.js';
import { measureSite } from './site.js';

/** The organisations that are measured, by their number of people. */
const PEOPLE = '1000,10000';
const SMOKE_PEOPLE = '400';

const USAGE = `usage: npm run bench:sizing -- [--people ${PEOPLE}] [--seconds 10] [--smoke] [--no-save]
  --smoke    takes seconds, with a small organisation; shows that everything runs; measures nothing and saves nothing
  --no-save  does not change bench/results-sizing.json and docs/sizing.md`;

const { values } = parseArgs({
  options: {
    people: { type: 'string' },
    seconds: { type: 'string' },
    smoke: { type: 'boolean', default: false },
    'no-save': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const sizes = (values.people ?? (values.smoke ? SMOKE_PEOPLE : PEOPLE)).split(',').map(Number);
const seconds = Number(values.seconds ?? (values.smoke ? 0.5 : 10));
const isUnderstood = sizes.every((people) => Number.isInteger(people) && people >= 400) && seconds > 0;
if (values.help || !isUnderstood) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
if (process.platform !== 'linux') {
  console.error(
    'The benchmark of sizes needs Linux, which tells the memory and the processor time of processes.',
  );
  process.exit(2);
}

await withSites(async (sites) => {
  const measured = [];
  for (const people of sizes) {
    const progress = (message) => console.error(`${people.toLocaleString('en')} people: ${message}`);
    measured.push(await measureSite(people, { ...sites, seconds, progress }));
  }
  // The figures of such a short run would mislead.
  console.log(values.smoke ? 'sizing: all of it runs.' : tables(measured));
  if (!values.smoke && !values['no-save']) saveSizes(measured, describeMachine(measured[0].postgres));
});
