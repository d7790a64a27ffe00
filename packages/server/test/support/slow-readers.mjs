import { setMaxListeners } from 'node:events';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/*
 * A hostile client, in a separate process. It receives `{ urls, headers, pauseMs }`, answers that it has begun, and
 * asks for all URLs at once. It reads a chunk of each answer every `pauseMs`. It repeats requests that were refused or
 * cut off. When it is told to stop, it answers with its counts.
 */

const AGAIN_MS = 500;

const counts = { answers: 0, refusals: 0, breaks: 0, chunks: 0 };
const over = new AbortController();
const { signal } = over;
setMaxListeners(0, signal);

// The process that started it may have failed.
process.once('disconnect', () => process.exit());
process.once('message', ({ urls, headers, pauseMs }) => {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  for (const url of urls) void holdForGood(url, headers, pauseMs);
  process.send('begun');
  process.once('message', () => {
    over.abort();
    const { user, system } = process.cpuUsage(before);
    const processors = (user + system) / 1_000 / (performance.now() - startedMs);
    process.send({ counts, processors }, () => process.exit());
  });
});

async function holdForGood(url, headers, pauseMs) {
  while (!signal.aborted) {
    await hold(url, headers, pauseMs).catch(() => counts.breaks++);
    await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function hold(url, headers, pauseMs) {
  const response = await new Promise((resolve, reject) => {
    http.get(url, { headers, agent: false, signal }, resolve).once('error', reject);
  });
  if (response.statusCode !== 200) {
    counts.refusals++;
    response.resume();
    return;
  }
  counts.answers++;
  for await (const _chunk of response) {
    counts.chunks++;
    await delay(pauseMs, undefined, { signal });
  }
}
