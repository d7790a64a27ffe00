import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/*
 * Logs in repeatedly, in a separate process. It begins when it receives `{ baseUrl, apiKey, secret, serverPid }` and
 * ends at the next message. It then answers with the durations of the logins.
 */

const PAUSE_MS = 5;

// The process that started it may have failed.
process.once('disconnect', () => process.exit());
process.once('message', async (job) => {
  let isOver = false;
  process.once('message', () => {
    isOver = true;
  });
  try {
    const [wholeMs, ownMs] = [[], []];
    const agent = new http.Agent({ keepAlive: true });
    while (!isOver) {
      const [startedMs, waitedMs] = [performance.now(), waitingMs(job.serverPid)];
      await login(job, agent);
      const tookMs = performance.now() - startedMs;
      wholeMs.push(tookMs);
      ownMs.push(Math.max(0, tookMs - (waitingMs(job.serverPid) - waitedMs)));
      await delay(PAUSE_MS);
    }
    agent.destroy();
    answer({ logins: wholeMs.length, wholeP99Ms: p99(wholeMs), ownP99Ms: p99(ownMs) });
  } catch (error) {
    answer({ error: error.message });
  }
});

/** The time for which the server and this process were ready to run and had no processor. Linux counts it. */
function waitingMs(serverPid) {
  return [serverPid, 'self']
    .map((pid) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6)
    .reduce((sum, ms) => sum + ms);
}

function login({ baseUrl, apiKey, secret }, agent) {
  const timestamp = Math.floor(Date.now() / 1_000);
  const hash = createHmac('sha256', secret).update(`${apiKey}${timestamp}`).digest('hex');
  const headers = { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const request = http.request(`${baseUrl}/v1/auth`, { method: 'POST', headers, agent }, (response) => {
      response.resume().once('end', resolve);
      if (response.statusCode !== 200) reject(new Error(`A login was answered ${response.statusCode}.`));
    });
    request.once('error', reject).end(JSON.stringify({ apiKey, timestamp, hash }));
  });
}

function p99(times) {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)];
}

function answer(measured) {
  process.send(measured, () => process.disconnect());
}
