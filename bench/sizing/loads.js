import { setTimeout as delay } from 'node:timers/promises';
import { basicAuthorization, readToEnd } from '../export/reader.js';
import { peakMb, startJob } from '../processes.js';
import { processorSeconds } from '../processor-time.js';
import { postgresMb } from './memory.js';

const BATCH = 100;
const BATCH_CONNECTIONS = 16;
const POST_CONNECTIONS = 32;
const SAMPLE_MS = 500;
const DAY_MS = 86_400_000;

/**
 * The processor time of one piece of work, in microseconds.
 * @typedef {{ serverMicros: number, postgresMicros: number, perSecond: number }} Cost `perSecond`: on this machine, where
 *   the load and the database share the processor with the server
 *
 * @typedef {Cost & { rows: number, seconds: number }} ExportCost of one row
 */

/** @returns {Promise<Cost>} of a presence event, in batches of 100 */
export function costOfEvents(context) {
  context.progress('events in batches');
  return costOf(context, { scenario: 'batches', connections: BATCH_CONNECTIONS, each: BATCH });
}

/** @returns {Promise<Cost>} of a login and a presence event */
export function costOfPosts(context) {
  context.progress('logins and single events');
  return costOf(context, { scenario: 'singles', connections: POST_CONNECTIONS, each: 1 });
}

async function costOf(context, { scenario, connections, each }) {
  const took = await processorTime(context, async () => {
    const { completed, perSecond } = await startLoad(context, scenario, connections).measured;
    return { count: completed * each, perSecond: perSecond * each };
  });
  return { ...took.micros, perSecond: took.perSecond };
}

/** @returns {Promise<Record<'attendance' | 'presence', ExportCost>>} exports of four weeks, as NDJSON */
export async function costOfExports(context) {
  const costs = {};
  for (const [name, path] of Object.entries(pathsOf(context.today))) {
    context.progress(`export of ${name}`);
    const count = await countRows(context, path);
    const startedMs = performance.now();
    const took = await processorTime(context, async () => {
      await read(context, path);
      return { count };
    });
    const seconds = (performance.now() - startedMs) / 1_000;
    costs[name] = { ...took.micros, rows: count, seconds, perSecond: count / seconds };
  }
  return costs;
}

/**
 * Batches, logins with single events, and two exports of attendance at once.
 *
 * @returns {Promise<{ loadMb: number, postgresLoadMb: number }>} the most resident memory of the server since its start, and
 *   the most memory of PostgreSQL that a sample found
 */
export async function underFullLoad(context) {
  const { environment, server, today, progress } = context;
  progress('all at once');
  const { attendance } = pathsOf(today);
  let isOver = false;
  const exports = async () => {
    while (!isOver) await read(context, attendance);
  };
  const loads = [
    startLoad(context, 'batches', BATCH_CONNECTIONS),
    startLoad(context, 'singles', POST_CONNECTIONS),
  ];
  const readers = [exports(), exports()];
  let postgresLoadMb = 0;
  const sampled = (async () => {
    while (!isOver) {
      postgresLoadMb = Math.max(postgresLoadMb, await postgresMb(environment));
      await delay(SAMPLE_MS);
    }
  })();
  try {
    await Promise.all(loads.map(({ measured }) => measured));
  } finally {
    isOver = true;
  }
  await Promise.all([...readers, sampled]);
  return { loadMb: peakMb(server.pid), postgresLoadMb };
}

const startLoad = ({ environment, server, pace }, scenario, connections) =>
  startJob('load/driver.js', {
    address: server.address,
    scenario,
    data: environment.data,
    pace: pace(connections),
  });

/** Runs `work`, and divides the processor time of server and database by the `count` that it returns. */
async function processorTime({ environment, server }, work) {
  const used = async () => [processorSeconds(server.pid), await environment.postgresSeconds()];
  const before = await used();
  const { count, ...rest } = await work();
  const after = await used();
  const [serverMicros, postgresMicros] = after.map((each, index) => ((each - before[index]) / count) * 1e6);
  return { micros: { serverMicros, postgresMicros }, ...rest };
}

/** The exports of four weeks. One call gives at most 31 days of attendance. */
const pathsOf = (last) => {
  const first = new Date(Date.parse(last) - 27 * DAY_MS).toISOString().slice(0, 10);
  const query = `startDate=${first}&endDate=${last}&format=ndjson`;
  return {
    attendance: `/v1/analytics/user-booking-attendance/basic?${query}`,
    presence: `/v1/analytics/presence/basic?${query}`,
  };
};

function read({ environment, server }, path) {
  return readToEnd(server.address, path, basicAuthorization(environment.data.key));
}

async function countRows({ environment, server }, path) {
  const { host, port } = server.address;
  const reply = await fetch(`http://${host}:${port}${path}`, {
    headers: { authorization: basicAuthorization(environment.data.key) },
  });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  let lines = 0;
  for await (const chunk of reply.body) for (const byte of chunk) if (byte === 10) lines++;
  return lines;
}
