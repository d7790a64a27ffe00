import { setTimeout as delay } from 'node:timers/promises';

/**
 * @typedef {object} Pace
 * @property {number} lanes the most requests at once
 * @property {number} warmupS seconds that do not count
 * @property {number} seconds seconds that count
 * @property {number} [least] so many requests count at least, however long they take; only without a rate
 * @property {number} [rate] requests per second, evenly spaced; without it each lane continues after its answer
 *
 * @typedef {object} Measured
 * @property {number} perSecond
 * @property {number} completed all requests, warm-up included
 * @property {{ p50: number, p95: number, p99: number, max: number }} latencyMs with a rate: from the moment when the request was due
 * @property {number} driverCpu share of one core that this process used
 */

/**
 * Repeats `work` at the given pace. The first failure ends the run.
 * @param {Pace} pace
 * @param {(lane: number) => Promise<void>} work
 * @param {AbortSignal} [stopped] ends the run early
 * @returns {Promise<Measured>}
 */
export async function measure({ lanes, warmupS, seconds, least = 0, rate }, work, stopped) {
  const startMs = performance.now();
  const countFromMs = startMs + warmupS * 1_000;
  let endMs = countFromMs + seconds * 1_000;
  stopped?.addEventListener('abort', () => {
    endMs = Math.min(endMs, performance.now());
  });
  const latencies = [];
  let completed = 0;
  let counted = 0;
  let lastMs = 0;
  let cpu;

  const once = async (lane, dueMs) => {
    await work(lane);
    const nowMs = performance.now();
    completed++;
    if (nowMs < countFromMs || (nowMs >= endMs && counted >= least)) return;
    cpu ??= process.cpuUsage();
    counted++;
    lastMs = nowMs;
    latencies.push(nowMs - dueMs);
  };

  const closed = async (lane) => {
    const goesOn = () => !stopped?.aborted && (performance.now() < endMs || counted < least);
    while (goesOn()) await once(lane, performance.now());
  };

  // A free lane takes the request that has been due for longest. A request that waits for a lane is late, and counts as late.
  let next = 0;
  const open = async (lane) => {
    for (;;) {
      const dueMs = startMs + (next++ * 1_000) / rate;
      if (dueMs >= endMs) return;
      const earlyMs = dueMs - performance.now();
      if (earlyMs > 0) await delay(earlyMs);
      await once(lane, dueMs);
    }
  };

  await Promise.all(Array.from({ length: lanes }, (_, lane) => (rate === undefined ? closed : open)(lane)));
  const used = process.cpuUsage(cpu);
  const countedS = Math.max(0.001, (Math.max(endMs, lastMs) - countFromMs) / 1_000);
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    perSecond: counted / countedS,
    completed,
    latencyMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
    driverCpu: (used.user + used.system) / 1e6 / countedS,
  };
}
