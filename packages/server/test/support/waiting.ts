import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/** Shorter than the time limit of a test, so that a failed wait can say what it waited for. */
const LONGEST_WAIT_MS = 100_000;
/** How long a server may use remembered data after the database has changed. */
const PROMISED_MS = 1_000;

/** Waits until the condition holds. The limit is no promise of speed: it only ends a test that would never end. */
export async function until(condition: () => unknown, limitMs = LONGEST_WAIT_MS): Promise<void> {
  const deadlineMs = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(`not within ${limitMs} ms: ${condition}`);
    await delay(5);
  }
}

/**
 * Asks until the answer is the expected one. Fails when a request that began a second or more after the call gets
 * another answer. The time that an answer takes does not count, so a busy machine cannot fail a test.
 */
export async function answersWithinASecond<T>(ask: () => Promise<T>, expected: T): Promise<void> {
  const calledAtMs = performance.now();
  for (;;) {
    const beganAtMs = performance.now();
    const answer = await ask();
    if (isDeepStrictEqual(answer, expected)) return;
    if (beganAtMs - calledAtMs >= PROMISED_MS) return expect(answer).toEqual(expected);
    await delay(10);
  }
}
