import { runJob, startContender } from '../processes.js';
import { inTurn, summarize } from '../statistics.js';
import { comparison, load, maximum } from './common.js';

const CONNECTIONS = 16;
const BATCH = 100;

/** Durable presence events, 100 in a request, against the same rows directly through pg. */
export async function presence(context) {
  const { environment, server } = context;
  const results = await inTurn(
    context.runs,
    {
      rollcall: () => batches(context, server),
      pg: () =>
        counted(environment, BATCH, () =>
          runJob('contenders/direct.js', {
            target: environment.target,
            data: environment.data,
            options: { batch: BATCH },
            pace: context.pace(CONNECTIONS),
          }),
        ),
    },
    context.progress,
  );
  context.batchesPerSecond = results.rollcall.map((each) => each.perSecond);
  return [
    comparison({
      row: 'presence',
      what: 'durable presence events, 100 per request, 16 connections',
      unit: 'events/s',
      scale: BATCH,
      ours: results.rollcall,
      against: 'the same rows through pg',
      theirs: results.pg,
      goal: 0.9,
    }),
  ];
}

/**
 * One event in a request with a login before each, against bare routes and a single-row insert. The first server knows all
 * people. The second has just started, and meets nearly all of them for the first time.
 */
export async function single(context) {
  const { environment, server } = context;
  const { target, data } = environment;
  const bare = await startContender('contenders/bare.js', { target, data });
  try {
    const run = (to) =>
      counted(environment, 1, () =>
        load(context, to, { scenario: 'singles', connections: 32, watched: to === server }),
      );
    const begun = async () => {
      const newcomer = await environment.startServer({ second: true });
      try {
        return await run(newcomer);
      } finally {
        await newcomer.stop();
      }
    };
    // The server knows all people after these batches.
    await batches(context, server);
    const results = await inTurn(
      context.runs,
      { rollcall: () => run(server), 'rollcall, just started': begun, bare: () => run(bare) },
      context.progress,
    );
    const line = (what, ours, goal) =>
      comparison({
        row: 'single',
        what: `presence posts of one event, a login before each, 32 connections${what}`,
        unit: 'posts/s',
        ours,
        against: 'bare Fastify routes and a durable insert',
        theirs: results.bare,
        goal,
      });
    return [
      line('', results.rollcall, 1),
      line(', a server that has just started', results['rollcall, just started']),
    ];
  } finally {
    await bare.stop();
  }
}

/** The 99th percentile of presence posts, evenly spaced at half of the maximum rate. */
export async function latency(context) {
  context.batchesPerSecond ??= [(await batches(context, context.server)).perSecond];
  const rate = summarize(context.batchesPerSecond).median / 2;
  const results = await inTurn(
    context.runs,
    { rollcall: () => batches(context, context.server, rate) },
    context.progress,
  );
  return [
    maximum({
      row: 'latency',
      what: 'p99 of presence posts of 100 events, at half of the maximum rate',
      unit: 'ms',
      values: results.rollcall.map((each) => each.latencyMs.p99),
      goal: 50,
    }),
  ];
}

/** Resident memory of the server: the maximum under any load of this run. */
export async function memory(context) {
  context.batchesPerSecond ??= [(await batches(context, context.server)).perSecond];
  if (context.environment.peakMb === 0) return [];
  return [
    maximum({
      row: 'memory',
      what: 'resident memory of the server process at full load',
      unit: 'MB',
      values: [context.environment.peakMb],
      goal: 256,
    }),
  ];
}

/** Full load with batches, or a given number of batches per second. */
export function batches(context, server, rate) {
  return counted(context.environment, BATCH, () =>
    load(context, server, { scenario: 'batches', connections: CONNECTIONS, rate, watched: true }),
  );
}

/** Begins with an empty table, and throws if the database lacks an acknowledged event. */
export async function counted(environment, eventsEach, run) {
  await environment.removeEvents();
  const measured = await run();
  const stored = await environment.countEvents();
  const acknowledged = measured.completed * eventsEach;
  if (stored !== acknowledged)
    throw new Error(`The server acknowledged ${acknowledged} events, and the database has ${stored}.`);
  return measured;
}
