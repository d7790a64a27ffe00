import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterUnits, remainingUnits, WINDOW_MS, waitMs } from '../src/http/rates/gcra.ts';

const perMinutes = fc.oneof(
  fc.integer({ min: 1, max: 5_000 }),
  fc.double({ min: 0.1, max: 5_000, noNaN: true }),
);
/** Requests of a caller: the time since the one before, in milliseconds, and the units. */
const requests = fc.array(
  fc.record({
    afterMs: fc.oneof(
      fc.constant(0),
      fc.double({ min: 0, max: 1_000, noNaN: true }),
      fc.nat({ max: 90_000 }),
    ),
    units: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3_000 })),
  }),
  { minLength: 1, maxLength: 60 },
);
/** The clock of a process that runs for up to a year. */
const starts = fc.double({ min: 0, max: 3e10, noNaN: true });
/** What rounding may add to a quota: a thousandth of a millisecond at its rate, and the last digits of a time. */
const rounding = (perMinute: number) => (perMinute * 0.01) / WINDOW_MS + 1e-6;

interface Passed {
  atMs: number;
  units: number;
}

/** The requests that pass, and the state at the end. */
function send(startMs: number, perMinute: number, sent: readonly { afterMs: number; units: number }[]) {
  let [nowMs, fullAtMs] = [startMs, 0];
  const passed: Passed[] = [];
  for (const { afterMs, units } of sent) {
    nowMs += afterMs;
    if (waitMs(fullAtMs, units, nowMs, perMinute) > 0) continue;
    fullAtMs = afterUnits(fullAtMs, units, nowMs, perMinute);
    passed.push({ atMs: nowMs, units });
  }
  return { passed, nowMs, fullAtMs };
}

describe('A caller', () => {
  test('gets in no time more than a quota, or one larger request, and what its rate brings meanwhile', () => {
    fc.assert(
      fc.property(starts, perMinutes, requests, (startMs, perMinute, sent) => {
        const { passed } = send(startMs, perMinute, sent);
        for (const [first, { atMs: fromMs }] of passed.entries()) {
          let [units, largest] = [0, 0];
          for (const request of passed.slice(first)) {
            units += request.units;
            largest = Math.max(largest, request.units);
            const meanwhile = ((request.atMs - fromMs) * perMinute) / WINDOW_MS;
            expect(units).toBeLessThanOrEqual(
              Math.max(perMinute, largest) + meanwhile + rounding(perMinute) * passed.length,
            );
          }
        }
      }),
    );
  });

  test('that keeps to its rate is never refused', () => {
    const steady = fc.array(fc.record({ units: fc.integer({ min: 1, max: 50 }), lateMs: fc.nat(500) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(starts, perMinutes, steady, (startMs, perMinute, sent) => {
        let before = 0;
        const spaced = sent.map(({ units, lateMs }) => {
          const afterMs = (before * WINDOW_MS) / perMinute + lateMs;
          before = units;
          return { afterMs, units };
        });
        expect(send(startMs, perMinute, spaced).passed).toHaveLength(sent.length);
      }),
    );
  });

  test('passes after the wait that it was told, in whole seconds or exactly, and not before', () => {
    fc.assert(
      fc.property(
        starts,
        perMinutes,
        requests,
        fc.integer({ min: 1, max: 3_000 }),
        (startMs, perMinute, sent, units) => {
          const { nowMs, fullAtMs } = send(startMs, perMinute, sent);
          const wait = waitMs(fullAtMs, units, nowMs, perMinute);
          fc.pre(wait > 0);
          expect(waitMs(fullAtMs, units, nowMs + wait, perMinute)).toBe(0);
          expect(waitMs(fullAtMs, units, nowMs + Math.ceil(wait / 1_000) * 1_000, perMinute)).toBe(0);
          fc.pre(wait > 0.1);
          expect(waitMs(fullAtMs, units, nowMs + wait - 0.1, perMinute)).toBeGreaterThan(0);
        },
      ),
    );
  });

  test('may send the units that remain, and no more', () => {
    fc.assert(
      fc.property(starts, fc.integer({ min: 1, max: 5_000 }), requests, (startMs, perMinute, sent) => {
        const { nowMs, fullAtMs } = send(startMs, perMinute, sent);
        const remaining = remainingUnits(fullAtMs, nowMs, perMinute);
        if (remaining > 0) expect(waitMs(fullAtMs, remaining, nowMs, perMinute)).toBe(0);
        // A request that is larger than the quota passes while it is full.
        fc.pre(remaining < perMinute - 1);
        expect(waitMs(fullAtMs, remaining + 1.01, nowMs, perMinute)).toBeGreaterThan(0);
      }),
    );
  });
});
