import { parseArgs } from 'node:util';
import { newDirectory, removeAllDirectories, removeDirectory } from '../environment.js';
import { endWhenInterrupted } from '../processes.js';
import { tables } from './report.js';
import { measureSite } from './site.js';

/** The organisations that are measured, by their number of people. */
const PEOPLE = '1000,10000';
const SMOKE_PEOPLE = '400';

const USAGE = `usage: npm run bench:sizing -- [--people ${PEOPLE}] [--seconds 10] [--smoke]
  --smoke    takes seconds, with a small organisation; shows that everything runs; measures nothing`;

const { values } = parseArgs({
  options: {
    people: { type: 'string' },
    seconds: { type: 'string' },
    smoke: { type: 'boolean', default: false },
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

/** The environments that are open. */
const opened = new Set();
endWhenInterrupted(async () => {
  for (const environment of opened) await environment.close().catch(() => undefined);
  await removeAllDirectories();
});
const dir = newDirectory();
try {
  const measured = [];
  for (const people of sizes) {
    const progress = (message) => console.error(`${people.toLocaleString('en')} people: ${message}`);
    measured.push(await measureSite(people, { dir, opened, seconds, progress }));
  }
  // The figures of such a short run would mislead.
  console.log(values.smoke ? 'sizing: all of it runs.' : tables(measured));
} finally {
  for (const environment of opened) await environment.close();
  await removeDirectory(dir);
}
