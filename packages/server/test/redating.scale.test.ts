import { afterAll, beforeAll, expect, test } from 'vitest';
import { addHistory, moveTo, redate, redatingOf } from './support/redating.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { Workplace } from './support/submissions.ts';

const EVENTS = 1_000_000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

test('the job re-dates a million events of an office in bounded time, and blocks no request', async () => {
  const work = await Workplace.open(server, 'Pacific/Kiritimati');
  await addHistory(work, EVENTS);
  // Years of history, which end at the time of the clock.
  server.clock.nowMs = Date.parse('2031-12-01T00:00:00Z');
  const token = await server.token(await server.key(work.tenantId));
  await moveTo(work, 'Pacific/Pago_Pago');

  let done = false;
  const startedMs = performance.now();
  const job = redate(server).finally(() => {
    done = true;
  });
  let slowestMs = 0;
  let submitted = 0;
  for (; !done; submitted++) {
    const sentMs = performance.now();
    const reply = await work.post(
      'presence',
      {
        sourceId: 'meanwhile',
        presenceEvents: [
          {
            ...{ eventId: `${submitted}`, timestamp: '2026-06-01T12:00:00Z', userId: work.user.userId },
            ...{ locationId: work.office.placeId, locationType: 'place' },
          },
        ],
      },
      token,
    );
    expect(reply.statusCode).toBe(200);
    slowestMs = Math.max(slowestMs, performance.now() - sentMs);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await job;
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(
    `${EVENTS} events re-dated in ${seconds.toFixed(1)} s (${Math.round(EVENTS / seconds)} events/s); ` +
      `${submitted} events submitted meanwhile, the slowest in ${Math.round(slowestMs)} ms`,
  );
  expect(await redatingOf({ server, token }, work.office.locationId)).toMatchObject({
    finishedAt: expect.any(String),
  });
  const { rows } = await server.db.owner.inTenant(work.tenantId, (tx) =>
    tx.query(
      `SELECT count(*)::int AS events,
              count(*) FILTER (WHERE day <> (observed_at AT TIME ZONE 'Pacific/Pago_Pago')::date)::int AS misdated
       FROM presence_events WHERE tenant_id = $1`,
      [work.tenantId],
    ),
  );
  expect(rows).toEqual([{ events: EVENTS + submitted, misdated: 0 }]);
  expect(seconds).toBeLessThan(180);
  // A request that waited for the job would take as long as the rest of it.
  expect(slowestMs).toBeLessThan((seconds * 1000) / 4);
});
