import { setTimeout as delay } from 'node:timers/promises';
import { freePort, startContender } from '../processes.js';
import { processorSeconds } from '../processor-time.js';
import { inTurn } from '../statistics.js';
import { comparison, load } from './common.js';

const CONNECTIONS = 32;
const READ_EVERY_MS = 1_000;
/** Workers of the second server, beside the one with default settings: as many as a small machine has cores. */
const WORKERS = ['--workers', '2'];

/** HMAC logins, against a bare route that validates and answers the same JSON. */
export async function logins(context) {
  const { server, environment } = context;
  const { target, data } = environment;
  const bare = await startContender('contenders/bare.js', { target, data });
  const workers = await environment.startServer({ args: WORKERS, second: true });
  try {
    const run = (to) =>
      load(context, to, { scenario: 'logins', connections: CONNECTIONS, watched: to === server });
    const results = await inTurn(
      context.runs,
      { rollcall: () => run(server), workers: () => run(workers), bare: () => run(bare) },
      context.progress,
    );
    const line = (what, ours) =>
      comparison({
        row: 'logins',
        what: `logins at /v1/auth, 32 connections${what}`,
        unit: 'logins/s',
        ours,
        against: 'a bare Fastify route',
        theirs: results.bare,
        goal: 0.75,
      });
    return [line('', results.rollcall), line(', `--workers 2`', results.workers)];
  } finally {
    await bare.stop();
    await workers.stop();
  }
}

/**
 * HMAC logins for each second of processor time of a server that counts for Prometheus and is read once a second, against the
 * same server without metrics. A second server without metrics shows how much two equal servers differ: the noise. Nothing on
 * a system that does not tell the processor time.
 */
export async function metricsCost(context) {
  const { environment } = context;
  if (processorSeconds(context.server.pid) === undefined) return [];
  const port = await freePort();
  const plain = await environment.startServer({ second: true });
  const equal = await environment.startServer({ second: true });
  const counting = await environment.startServer({ args: ['--metrics-port', String(port)], second: true });
  try {
    const run = async (to) => {
      const began = processorSeconds(to.pid);
      const measured = await load(context, to, { scenario: 'logins', connections: CONNECTIONS });
      return { ...measured, perSecond: measured.completed / (processorSeconds(to.pid) - began) };
    };
    const results = await inTurn(
      context.runs,
      {
        counting: () => whileRead(`http://127.0.0.1:${port}/metrics`, () => run(counting)),
        plain: () => run(plain),
        equal: () => run(equal),
      },
      context.progress,
    );
    const line = (what, ours) =>
      comparison({
        row: 'metrics-cost',
        what: `logins at /v1/auth, 32 connections, ${what}`,
        unit: 'logins per processor-second',
        ours,
        against: 'a server without metrics',
        theirs: results.plain,
      });
    return [
      line('with `--metrics-port`, read once a second', results.counting),
      line('a second server without metrics: the noise', results.equal),
    ];
  } finally {
    await plain.stop();
    await equal.stop();
    await counting.stop();
  }
}

/** Reads an address once a second while `work` runs. Throws if it cannot be read. */
async function whileRead(url, work) {
  const over = new AbortController();
  const reading = (async () => {
    while (!over.signal.aborted) {
      const reply = await fetch(url);
      if (!reply.ok) throw new Error(`${url} answered ${reply.status}.`);
      await reply.arrayBuffer();
      await delay(READ_EVERY_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  try {
    return await work();
  } finally {
    over.abort();
    await reading;
  }
}

/** Tokens by client credentials, used again and new every time, against oidc-provider, which signs every time. */
export async function tokens(context) {
  const { server, environment } = context;
  const oidc = await startContender('contenders/oidc.js', { data: environment.data });
  const strict = await environment.startServer({ args: ['--token-reuse-s', '0'], second: true });
  const workers = await environment.startServer({ args: WORKERS, second: true });
  try {
    const run = (to, path) =>
      load(context, to, {
        scenario: 'tokens',
        connections: CONNECTIONS,
        options: { path },
        watched: to === server,
      });
    const results = await inTurn(
      context.runs,
      {
        rollcall: () => run(server, '/v1/auth/token'),
        'rollcall, new ones': () => run(strict, '/v1/auth/token'),
        'rollcall, workers': () => run(workers, '/v1/auth/token'),
        'oidc-provider': () => run(oidc, '/token'),
      },
      context.progress,
    );
    const line = (what, ours) =>
      comparison({
        row: 'tokens',
        what: `tokens at /v1/auth/token, 32 connections, ${what}`,
        unit: 'tokens/s',
        ours,
        against: 'oidc-provider',
        theirs: results['oidc-provider'],
        goal: 6,
      });
    return [
      line('used again within a minute', results.rollcall),
      line('the same with `--workers 2`', results['rollcall, workers']),
      line('a new token every time', results['rollcall, new ones']),
    ];
  } finally {
    await oidc.stop();
    await strict.stop();
    await workers.stop();
  }
}
