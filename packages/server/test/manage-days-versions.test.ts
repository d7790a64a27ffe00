import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DayView } from '../src/workday/day-view.ts';
import { whileLocked } from './support/locks.ts';
import { ManagedWorkplace } from './support/manage-days.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';

/** The server's clock shows noon of 10 March 2026, a Tuesday, in UTC. */
const [YESTERDAY, TODAY, TOMORROW] = ['2026-03-09', '2026-03-10', '2026-03-11'] as const;

interface Result {
  id: string | null;
  result: string;
  reason?: string;
  after?: DayView;
}

let server: TestServer;
let work: ManagedWorkplace;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  work = await ManagedWorkplace.at(server);
});
afterAll(() => server.close());

const send = async (query: string, items: object[]) =>
  (await work.ask<{ results: Result[] }>('POST', `days${query}`, { items })).results;
const item = (day: string, wish: object, userId = work.user.userId) => ({ userId, day, ...wish });
const versionOf = async (day: string) => (await work.days(day))[0]?.version;

describe('the version of a day', () => {
  test('is another for each plan, office and booked node, and the same for the same', async () => {
    const { placeId, zoneId } = work.office;
    const wishes = [{ plan: 'r' }, { plan: 'a' }, work.at(), work.at(zoneId), work.at(placeId)];
    const versions = [await versionOf(TODAY)];
    for (const wish of wishes) versions.push((await work.setDay(TODAY, wish)).version);
    expect(new Set(versions).size).toBe(6);
    expect((await work.setDay(TOMORROW, work.at(placeId))).version).toBe(versions.at(-1));
    expect(await versionOf(TODAY)).toBe(versions.at(-1));
  });

  test('that is not the present one keeps the day as it is, with a 409', async () => {
    const empty = await versionOf(TODAY);
    const { version } = await work.setDay(TODAY, { plan: 'r', version: empty });
    expectProblem(await work.call('PUT', work.dayPath(TODAY), { plan: 'a', version: empty }), 409);
    expect(await work.days(TODAY)).toMatchObject([{ plan: 'r', version }]);
  });

  test('that is not the present one refuses one item, and stops no other', async () => {
    const [today, tomorrow] = [await versionOf(TODAY), await versionOf(TOMORROW)];
    await work.setDay(TODAY, { plan: 'r' });
    const results = await send('', [
      item(TODAY, { plan: 'a', version: today }),
      item(TOMORROW, { plan: 'a', version: tomorrow }),
    ]);
    expect(results.map(({ result, reason }) => reason ?? result)).toEqual(['changed-meanwhile', 'updated']);
    expect((await work.days(TODAY, TOMORROW)).map(({ plan }) => plan)).toEqual(['r', 'a']);
  });
});

test('the version of a week plan that is not the present one keeps the week plan, with a 409', async () => {
  const path = `users/${work.user.userId}/week-plan`;
  const { version } = await work.ask<{ version: string }>('GET', path);
  const set = (plan: string) => ({ weekPlan: { monday: { plan } }, version });
  const { version: next } = await work.ask<{ version: string }>('PUT', path, set('r'));
  expect(next).not.toBe(version);
  expectProblem(await work.call('PUT', path, set('a')), 409);
  expect(await work.ask('GET', path)).toMatchObject({
    weekPlan: { monday: { plan: 'r' } },
    version: next,
  });
});

describe('of two changes of one version at the same time, one is stored', () => {
  /** Sends the changes together. Both have come as far as they can before one of them writes to the table. */
  const race = async (table: string, path: string, bodies: object[]) => {
    const replies = await whileLocked(server.db.target, table, 'SHARE', () =>
      Promise.all(bodies.map((body) => work.call('PUT', path, body))),
    );
    expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 409]);
  };

  test('of a day', async () => {
    const version = await versionOf(TODAY);
    const to = (plan: string) => ({ plan, version });
    await race('day_plans', work.dayPath(TODAY), [to('r'), to('a')]);
  });

  test('of a week plan', async () => {
    const path = `users/${work.user.userId}/week-plan`;
    const { version } = await work.ask<{ version: string }>('GET', path);
    const to = (plan: string) => ({ weekPlan: { monday: { plan } }, version });
    await race('week_plans', path, [to('r'), to('a')]);
  });
});

describe('a preview', () => {
  test('has the results of the same items, with the days after them, and changes nothing', async () => {
    const { placeId } = work.office;
    const ben = await work.addUser();
    const items = [
      item(TODAY, work.at(placeId)),
      item(TODAY, work.at(placeId), ben.userId),
      item(YESTERDAY, { plan: 'r' }),
      item(TOMORROW, { plan: null }),
    ];
    const previewed = await send('?preview=true', items);
    expect(previewed.map(({ result, reason }) => reason ?? result)).toEqual([
      'updated',
      'desk-taken',
      'past-day',
      'unchanged',
    ]);
    expect(previewed[0]?.after).toMatchObject({ plan: 'o', booking: { nodeId: placeId, depth: 3 } });
    expect(previewed.map(({ after }) => after?.plan)).toEqual(['o', undefined, undefined, null]);
    expect(await work.days(TODAY)).toMatchObject([{ plan: null }]);
    expect(await work.log()).toEqual([]);

    const done = await send('', items);
    expect(done).toEqual(previewed.map(({ after: _after, ...result }) => result));
    expect(await work.days(TODAY)).toEqual([previewed[0]?.after]);
  });

  test('takes true and false only', async () => {
    expectProblem(await work.call('POST', 'days?preview=yes', { items: [item(TODAY, { plan: 'r' })] }), 400);
  });
});
