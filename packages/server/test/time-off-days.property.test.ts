import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './support/server.ts';
import { TimeOffWorkplace } from './support/time-off.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const FIRST_MS = Date.parse('2026-04-01T00:00:00Z');

/** Minutes as the text of an offset from UTC. */
function offsetText(minutes: number, colon: string): string {
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hour).padStart(2, '0')}${colon}${String(minute).padStart(2, '0')}`;
}

/** An instant as a local time, `minutes` ahead of UTC. */
function writtenAt(epochMs: number, minutes: number, colon: string): string {
  const local = new Date(epochMs + minutes * MINUTE_MS).toISOString();
  return `${local.slice(0, -1)}${offsetText(minutes, colon)}`;
}

const dayOf = (epochMs: number) => new Date(epochMs).toISOString().slice(0, 10);
/** The date of a midnight, in UTC or in the offset. For any other instant, the date in the time zone. */
function dayAt(epochMs: number, minutes: number, timeZone: string): string {
  const midnight = [epochMs, epochMs + minutes * MINUTE_MS].find((ms) => ms % DAY_MS === 0);
  if (midnight !== undefined) return dayOf(midnight);
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(epochMs);
}

const offset = fc.integer({ min: -14 * 60, max: 14 * 60 });
const colon = fc.constantFrom(':', '');
/** The n-th day of its kind, as a caller in another time zone may write it. */
const date = fc.oneof(
  fc.record({ kind: fc.constant('midnight by the offset' as const), offset, colon }),
  fc.record({ kind: fc.constant('midnight in UTC' as const), offset, colon }),
  fc.record({
    kind: fc.constant('another time of the day' as const),
    offset,
    colon,
    atMs: fc.integer({ min: 1, max: DAY_MS - 1 }),
  }),
  fc.record({ kind: fc.constant('PowerShell' as const), atMs: fc.integer({ min: 0, max: DAY_MS - 1 }) }),
);

test.each([
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/St_Johns',
])(
  'a leave in %s has the written date, or the date at the office for another time of day',
  async (timeZone) => {
    const work = await TimeOffWorkplace.at(server, timeZone);
    let firstMs = FIRST_MS;
    await fc.assert(
      fc.asyncProperty(fc.array(date, { minLength: 1, maxLength: 40 }), async (dates) => {
        // Ten days apart, and after those of other runs, so that no two cover the same day.
        const judged = dates.map((each, n) => {
          const dayMs = firstMs + n * 10 * DAY_MS;
          if (each.kind === 'midnight by the offset') {
            const text = writtenAt(dayMs - each.offset * MINUTE_MS, each.offset, each.colon);
            return { text, day: dayOf(dayMs) };
          }
          if (each.kind === 'midnight in UTC') {
            return { text: writtenAt(dayMs, each.offset, each.colon), day: dayOf(dayMs) };
          }
          const epochMs = dayMs + each.atMs;
          if (each.kind === 'PowerShell')
            return { text: `/Date(${epochMs})/`, day: dayAt(epochMs, 0, timeZone) };
          return {
            text: writtenAt(epochMs, each.offset, each.colon),
            day: dayAt(epochMs, each.offset, timeZone),
          };
        });
        const days = judged.map(({ day }) => `${day} ${day}`);
        firstMs += dates.length * 10 * DAY_MS;
        if (firstMs > Date.parse('2095-01-01')) return;
        const results = await work.send(
          ...judged.map(({ text }) => work.event({ startDate: text, endDate: text })),
        );
        expect(results.map(({ resultCode }) => resultCode)).toEqual(judged.map(() => 0));
        expect((await work.leaves()).slice(-days.length)).toEqual(days);
      }),
      { numRuns: 12 },
    );
  },
);

test('the first and the last day may have different notations', async () => {
  const work = await TimeOffWorkplace.at(server, 'America/Los_Angeles');
  const ranges = [
    ['2026-04-01T00:00:00+02:00', '2026-04-03T00:00:00.000Z', '2026-04-01 2026-04-03'],
    ['2026-05-01T00:00+0530', '2026-05-02T07:00:00Z', '2026-05-01 2026-05-02'],
    ['2026-06-01T00:00:00,000 +13:00', '/Date(1780376400000+0000)/', '2026-06-01 2026-06-01'],
    ['/Date(1782849600000)/', '2026-07-02T00:00:00.000-03:30', '2026-06-30 2026-07-02'],
    ['/Date(1785535200000+0200)/', '2026-08-01', '2026-08-01 2026-08-01'],
    // One second after midnight is a time of day, and not a date.
    ['2026-09-01T00:00:01+02:00', '2026-09-01T00:00:00.001+02:00', '2026-08-31 2026-08-31'],
  ] as const;
  for (const [startDate, endDate] of ranges) await work.apply('scheduled', startDate, endDate);
  expect(await work.leaves()).toEqual(ranges.map(([, , leave]) => leave).toSorted());
});
