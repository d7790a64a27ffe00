import { residentMb, runJob } from '../processes.js';
import { ratioOf, summarize } from '../statistics.js';

const SAMPLE_MS = 200;

/**
 * One line of the table.
 * @typedef {object} Line
 * @property {string} row the part of the benchmark that it belongs to
 * @property {string} what
 * @property {string} unit
 * @property {{ median: number, min: number, max: number, runs: number }} ours
 * @property {{ name: string, median: number, min: number, max: number }} [against]
 * @property {{ median: number, min: number, max: number }} [ratio]
 * @property {string} [goal]
 * @property {boolean} [met]
 * @property {number[]} [driverCpu] share of one core that the load took, in each run of ours
 */

/** Loads a server from a separate process. `watched`: samples the memory of the server. */
export async function load(context, server, { scenario, connections, rate, options, watched }) {
  const { environment } = context;
  const sampler =
    watched &&
    setInterval(() => {
      environment.peakMb = Math.max(environment.peakMb, residentMb(server.pid) ?? 0);
    }, SAMPLE_MS);
  try {
    return await runJob('load/driver.js', {
      address: server.address,
      scenario,
      options,
      data: environment.data,
      pace: { ...context.pace(connections), rate },
    });
  } finally {
    clearInterval(sampler);
  }
}

/** A line that compares rates. */
export function comparison({ row, what, unit, scale = 1, ours, against, theirs, goal }) {
  const rates = (results) => results.map((each) => each.perSecond * scale);
  const ratio = ratioOf(rates(ours), rates(theirs));
  return {
    row,
    what,
    unit,
    ours: { ...summarize(rates(ours)), runs: ours.length },
    against: { name: against, ...summarize(rates(theirs)) },
    ratio,
    ...(goal === undefined ? {} : { goal: `≥ ${goal}`, met: ratio.median >= goal }),
    driverCpu: ours.map((each) => each.driverCpu),
  };
}

/**
 * A line with times in milliseconds, or in `unit`, and their ratio to those of the other side. The ratio must be at least
 * `least`, or at most `most`. Without both, it is only reported.
 */
export function ratioLine({ row, what, unit = 'ms', ours, against, theirs, ratio, least, most }) {
  return {
    row,
    what,
    unit,
    ours: { ...summarize(ours), runs: ours.length },
    against: { name: against, ...summarize(theirs) },
    ratio,
    ...(least === undefined ? {} : { goal: `≥ ${least}`, met: ratio.median >= least }),
    ...(most === undefined ? {} : { goal: `≤ ${most}`, met: ratio.median <= most }),
  };
}

/** As `ratioLine`, of one number of each measurement: the one that `pick` returns. */
export function pickedLine({ ours, theirs, pick, ...line }) {
  const [our, their] = [ours.map(pick), theirs.map(pick)];
  return ratioLine({ ...line, ours: our, theirs: their, ratio: ratioOf(our, their) });
}

/** A line whose figure has to stay below its goal; without a goal it is only reported. */
export function maximum({ row, what, unit, values, goal }) {
  const ours = summarize(values);
  return {
    row,
    what,
    unit,
    ours: { ...ours, runs: values.length },
    ...(goal === undefined ? {} : { goal: `≤ ${goal} ${unit}`, met: ours.median <= goal }),
  };
}
