import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { basicAuthorization, readToEnd } from '../export/reader.js';
import { startJob } from '../processes.js';
import { ratioLine } from '../rows/common.js';
import { inTurn, ratioOf, summarize } from '../statistics.js';
import { compareLines } from './compare.js';
import { AGGREGATES, FACTS } from './dataset.js';
import { exportFolder, FACT_DATASETS } from './folder.js';
import { filteredForms, formsBy, pathOf, QUESTIONS, UNITS } from './forms.js';

const BATCH = 100;
const EVENTS_PER_SECOND = 1_000;
const LOAD_WARMUP_MS = 1_500;
/** Answers that take less are read several times in a run, so that some events come during each run. */
const LEAST_RUN_MS = 1_000;
const LONGEST_LOAD_S = 3_600;

/**
 * @typedef {object} Context
 * @property {import('../environment.js').Environment} environment
 * @property {import('../processes.js').Server} server
 * @property {import('./duckdb.js').DuckDb} duckdb
 * @property {string} dir a folder for files of the run
 * @property {number} runs
 * @property {(message: string) => void} progress
 */

/**
 * The rows of the benchmark, in the order of the table. A row is a function that measures and returns its lines.
 * @type {Record<string, (context: Context) => Promise<import('../rows/common.js').Line[]>>}
 */
export const ROWS = {
  ...Object.fromEntries(UNITS.map((by) => [by, (context) => compared(context, by, formsBy(by))])),
  filters: (context) => compared(context, 'filters', filteredForms(context.environment.data.filters)),
  questions,
  load,
  first,
  size,
};

/** Each form against DuckDB. Throws if their outputs differ. */
async function compared(context, row, forms) {
  const lines = [];
  for (const form of forms) {
    const progress = (message) => context.progress(`${form.what}: ${message}`);
    const theirsFile = join(context.dir, 'duckdb.ndjson');
    // This also warms up both of them.
    const count = await checkEqual(context, form, theirsFile);
    progress(`${count} rows are equal`);
    const { ours, theirs } = await inTurn(
      context.runs,
      {
        ours: () => timed(() => readMetrics(context, form)),
        theirs: () => timed(() => context.duckdb.write(form, theirsFile)),
      },
      progress,
    );
    lines.push(
      ratioLine({
        row,
        what: form.what,
        ours,
        against: 'DuckDB',
        theirs,
        ratio: ratioOf(theirs, ours),
        least: 1,
      }),
    );
  }
  return lines;
}

/** The other questions, against the metrics of the same year by level and month. */
async function questions(context) {
  const lines = [];
  const usual = { what: 'by level and month', by: 'level', period: 'month' };
  await readMetrics(context, usual);
  for (const form of QUESTIONS) {
    await readMetrics(context, form);
    const { ours, theirs } = await inTurn(
      context.runs,
      {
        ours: () => timed(() => readMetrics(context, form)),
        theirs: () => timed(() => readMetrics(context, usual)),
      },
      (message) => context.progress(`${form.what}: ${message}`),
    );
    lines.push(
      ratioLine({
        row: 'questions',
        what: form.what,
        ours,
        against: `metrics ${usual.what}`,
        theirs,
        ratio: ratioOf(ours, theirs),
      }),
    );
  }
  return lines;
}

/** The answers with new events, against the answers without. */
async function load(context) {
  const lines = [];
  for (const form of UNITS.map((by) => formsBy(by).find(({ period }) => period === 'month'))) {
    const progress = (message) => context.progress(`${form.what}: ${message}`);
    const read = () => timedOnAverage(() => readMetrics(context, form));
    await read();
    const eventRates = [];
    const { loaded, idle } = await inTurn(
      context.runs,
      {
        loaded: () => underLoad(context, read, (rate) => eventRates.push(rate)),
        idle: read,
      },
      progress,
    );
    const rate = Math.round(summarize(eventRates).median);
    // A busy machine may take in fewer events than are sent.
    const came = rate >= 0.95 * EVENTS_PER_SECOND ? '1,000' : `${rate.toLocaleString('en')} of 1,000`;
    lines.push(
      ratioLine({
        row: 'load',
        what: `${form.what}, while ${came} events/s come in`,
        ours: loaded,
        against: 'the same without events',
        theirs: idle,
        ratio: ratioOf(loaded, idle),
        most: 2,
      }),
    );
  }
  return lines;
}

/** The first answer after the data were loaded, against an export of the facts that it counts. */
async function first(context) {
  const { environment, dir } = context;
  const form = { what: 'by level and month', by: 'level', period: 'month' };
  const folder = join(dir, 'first');
  const { ours, theirs } = await inTurn(
    Math.min(context.runs, 3),
    {
      ours: async () => {
        await renewServer(context);
        return timed(() => readMetrics(context, form));
      },
      theirs: async () => {
        await rm(folder, { recursive: true, force: true });
        return timed(() => exportFolder(context.server.address, environment.data, FACT_DATASETS, folder));
      },
    },
    context.progress,
  );
  return [
    ratioLine({
      row: 'first',
      what: `${form.what}, first answer after the data were loaded`,
      ours,
      against: '`rollcall export` of attendance and presence as Parquet',
      theirs,
      ratio: ratioOf(ours, theirs),
      most: 1,
    }),
  ];
}

/** Brings the server to the state right after the data were loaded: it has no aggregates of them yet. */
async function renewServer(context) {
  await context.server.stop();
  await context.environment.empty(AGGREGATES);
  context.server = await context.environment.startServer();
}

/** The bytes of the aggregates of all days, against those of the rows that they are made from. */
async function size(context) {
  const { environment } = context;
  await readMetrics(context, formsBy('location')[0]);
  await environment.vacuum(AGGREGATES);
  const mib = async (tables) => (await environment.bytesOf(tables)) / 2 ** 20;
  const [ours, theirs] = [[await mib(AGGREGATES)], [await mib(FACTS)]];
  return [
    ratioLine({
      row: 'size',
      what: 'aggregates of all days, with their indexes',
      unit: 'MiB',
      ours,
      against: 'events, bookings and plans',
      theirs,
      ratio: ratioOf(ours, theirs),
      most: 0.03,
    }),
  ];
}

/** Runs `work` while events come in. `tell` gets the events per second that the server stored. */
async function underLoad({ environment, server }, work, tell) {
  const job = startJob('load/driver.js', {
    address: server.address,
    scenario: 'batches',
    data: environment.data,
    pace: {
      lanes: 4,
      warmupS: 0,
      seconds: LONGEST_LOAD_S,
      rate: EVENTS_PER_SECOND / BATCH,
    },
  });
  const ended = job.measured.then(() => {
    throw new Error('The load ended before the answer.');
  });
  ended.catch(() => undefined);
  try {
    await Promise.race([delay(LOAD_WARMUP_MS), ended]);
    return await Promise.race([work(), ended]);
  } finally {
    const { perSecond } = await job.stop();
    tell(perSecond * BATCH);
  }
}

/** @returns {Promise<number>} milliseconds */
async function timed(work) {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** Repeats `work` for a second or more. @returns {Promise<number>} milliseconds of one repetition, on average */
async function timedOnAverage(work) {
  const startedMs = performance.now();
  let count = 0;
  do {
    await work();
    count++;
  } while (performance.now() - startedMs < LEAST_RUN_MS);
  return (performance.now() - startedMs) / count;
}

function readMetrics({ environment: { data }, server }, form) {
  return readToEnd(server.address, pathOf(form, data), basicAuthorization(data.key));
}

/** Throws if the answer of the server and the rows of DuckDB differ. Returns the number of rows. */
async function checkEqual({ environment: { data }, server, duckdb, dir }, form, theirs) {
  const { host, port } = server.address;
  const url = `http://${host}:${port}${pathOf(form, data)}`;
  const reply = await fetch(url, { headers: { authorization: basicAuthorization(data.key) } });
  if (!reply.ok) throw new Error(`${url}: ${reply.status} ${await reply.text()}`);
  const ours = join(dir, 'server.ndjson');
  await pipeline(reply.body, createWriteStream(ours));
  await duckdb.write(form, theirs);
  return compareLines(ours, theirs).catch((error) => {
    throw new Error(`${form.what}: ${error.message}`);
  });
}
