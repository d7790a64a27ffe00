/*
 * The generic cell rate algorithm (ITU-T Recommendation I.371) as a virtual scheduling algorithm. Its state is one number for
 * each caller: when the quota is full again, in milliseconds of a monotonic clock. A time in the past means a full quota, so a
 * caller without a state has a full quota.
 *
 * A quota of `perMinute` units is full after a minute without requests. In any time, a caller gets a quota and what its rate
 * brings meanwhile, or one request that is larger than the quota in place of the quota.
 */

/** The time in which an empty quota becomes full. */
export const WINDOW_MS = 60_000;
/** Rounding must not refuse a caller that waited for as long as it was told. */
export const TOLERANCE_MS = 0.001;

/** How long a request of `units` must wait, in milliseconds; 0 if it need not. One that is larger than the quota passes while it is full. */
export function waitMs(fullAtMs: number, units: number, nowMs: number, perMinute: number): number {
  const neededMs = (Math.min(units, perMinute) * WINDOW_MS) / perMinute;
  const excessMs = Math.max(fullAtMs, nowMs) + neededMs - nowMs - WINDOW_MS;
  return excessMs < TOLERANCE_MS ? 0 : excessMs;
}

/** When the quota is full again after a request of `units`. */
export function afterUnits(fullAtMs: number, units: number, nowMs: number, perMinute: number): number {
  return Math.max(fullAtMs, nowMs) + (units * WINDOW_MS) / perMinute;
}

/** The units that remain. */
export function remainingUnits(fullAtMs: number, nowMs: number, perMinute: number): number {
  const usedMs = Math.max(fullAtMs - nowMs, 0);
  return Math.max(Math.floor(((WINDOW_MS - usedMs) * perMinute) / WINDOW_MS), 0);
}
