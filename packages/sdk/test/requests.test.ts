import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  ConflictError,
  NetworkError,
  NotFoundError,
  RateLimitError,
  RollcallError,
  TimeoutError,
  TransferError,
  UnavailableError,
  ValidationError,
} from '../src/index.ts';
import type { Fate } from './support/proxy.ts';
import { daysAgo, eventsOf, type Setup, setUp } from './support/setup.ts';

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
});
afterEach(() => setup.proxy.reset());
afterAll(() => setup.close());

/** Sets the fates of the next calls to a path, in order. Later calls pass. */
function fatesOf(path: string, ...fates: Fate[]): void {
  setup.proxy.fate = (request) => (request.path === path ? (fates.shift() ?? 'pass') : 'pass');
}

const failureOf = (promise: PromiseLike<unknown>): Promise<RollcallError> =>
  Promise.resolve(promise).then(
    () => Promise.reject(new Error('It did not fail.')),
    (error) => error,
  );

/** A promise by which the proxy holds a request back. */
function releasable(): { released: Promise<void>; release: () => void } {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { released, release };
}

const USERS = '/v1/analytics/users';

test.each([
  ['seconds', { 'retry-after': '1' }],
  [
    'a date, by the clock of the server',
    {
      date: 'Tue, 10 Mar 2026 12:00:00 GMT',
      'retry-after': 'Tue, 10 Mar 2026 12:00:01 GMT',
    },
  ],
])('the client waits for as long as Retry-After says: %s', async (_, headers) => {
  fatesOf(USERS, { status: 503, headers });
  const startedAtMs = performance.now();
  expect(await setup.client().analytics.users()).toHaveLength(1);
  expect(performance.now() - startedAtMs).toBeGreaterThan(990);
});

test('the client does not wait for a Retry-After that is too long, and puts it into the error', async () => {
  fatesOf(USERS, { status: 429, headers: { 'retry-after': '3600' } });
  const failure = await failureOf(setup.client().analytics.users());
  expect(failure).toBeInstanceOf(RateLimitError);
  expect(failure.retryAfterMs).toBe(3_600_000);
});

test.each([
  ['UnavailableError', UnavailableError, { status: 503 }, 2],
  ['UnavailableError, without another try', UnavailableError, { status: 500 }, 1],
  ['RateLimitError', RateLimitError, { status: 429 }, 2],
  ['ConflictError', ConflictError, { status: 409 }, 1],
  ['NotFoundError', NotFoundError, { status: 404 }, 1],
  ['NetworkError', NetworkError, 'lose', 2],
  ['TransferError', TransferError, 'shorten', 2],
  ['TimeoutError', TimeoutError, 'pass', 2],
] as const)('%s', async (_, expected, fate, attempts) => {
  const path = '/v1/manage/organisation';
  const isTimeout = expected === TimeoutError;
  const { released, release } = releasable();
  setup.proxy.hold = (request) => (isTimeout && request.path === path ? released : undefined);
  setup.proxy.fate = (request) => (request.path === path ? fate : 'pass');
  const client = setup.client({ maxRetries: 1 });
  // The client logs in first, so that the failing call spends no time on a login.
  await client.analytics.users();
  const options = { correlationId: 'mine', timeoutMs: isTimeout ? 300 : 600_000 };
  const failure = await failureOf(client.manage.organisation(options));
  release();
  expect(failure).toBeInstanceOf(expected);
  expect(failure).toBeInstanceOf(RollcallError);
  expect(failure.correlationId).toBe('mine');
  expect(setup.proxy.count(path)).toBe(attempts);
});

test('an unreachable server is a NetworkError', async () => {
  const client = setup.client({ baseUrl: 'http://127.0.0.1:1', maxRetries: 0 });
  expect(await failureOf(client.analytics.users())).toBeInstanceOf(NetworkError);
});

test('a malformed batch is a ValidationError that names the members', async () => {
  const event = { ...eventsOf(setup, 1)[0], locationId: undefined };
  const failure = await failureOf(setup.client().presence.submit('door', [event as never]));
  expect(failure).toBeInstanceOf(ValidationError);
  expect((failure as ValidationError).errors[0]?.path).toContain('presenceEvents/0');
  expect(setup.server.logs.join('')).toContain(failure.correlationId);
});

test('refused events come back with their index and the reason', async () => {
  const events = eventsOf(setup, 250);
  events[120] = { ...events[120], userId: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c01' } as never;
  const { results, refused } = await setup.client().presence.submit('door', events);
  expect(results).toHaveLength(250);
  expect(refused).toEqual([{ index: 120, item: events[120], result: results[120] }]);
  expect(results[120]).toMatchObject({ eventId: 'e120', resultCode: 1, message: expect.any(String) });
  expect(setup.proxy.seen.filter(({ path }) => path === '/v1/presence').length).toBe(3);
});

test('a submission without events sends no request', async () => {
  expect(await setup.client().presence.submit('door', [])).toEqual({ results: [], refused: [] });
  expect(setup.proxy.seen).toEqual([]);
});

test('the client sends events whose order matters in one call after the other', async () => {
  const events = Array.from({ length: 2001 }, (_, index) => ({
    eventId: `t${index}`,
    email: setup.site.user.email,
    eventType: index % 2 ? 'cancelled' : 'scheduled',
    startDate: '2020-01-01',
    endDate: '2020-01-01',
  }));
  let [running, most] = [0, 0];
  const client = setup.client({
    fetch: (...args) => {
      most = Math.max(most, ++running);
      return fetch(...args).finally(() => running--);
    },
  });
  const { results } = await client.timeOff.submit(events, { concurrency: 8 });
  expect(results.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
  expect(most).toBe(1);
});

test.each(['lose', { status: 502 }] as const)(
  'the client does not repeat a call that is not idempotent if its outcome is unknown: %j',
  async (fate) => {
    const path = `/v1/manage/users/${setup.site.user.userId}/days/${daysAgo(0)}/booking`;
    fatesOf(path, fate);
    const failure = await failureOf(
      setup.client().manage.days.cancelBooking(setup.site.user.userId, daysAgo(0)),
    );
    expect(failure).toBeInstanceOf(fate === 'lose' ? NetworkError : UnavailableError);
    expect(setup.proxy.count(path)).toBe(1);
  },
);

test.each([
  ['an answer', true],
  ['the next attempt', false],
])('an aborted call throws the reason of its signal at once: waiting for %s', async (_, isHeld) => {
  const { released, release } = releasable();
  const isEvents = ({ path }: { path: string }) => path === '/v1/presence';
  setup.proxy.hold = (request) => (isHeld && isEvents(request) ? released : undefined);
  setup.proxy.fate = (request) =>
    isEvents(request) ? { status: 503, headers: { 'retry-after': '30' } } : 'pass';
  const controller = new AbortController();
  const client = setup.client({ timeoutMs: 600_000 });
  const failed = failureOf(
    client.presence.submit('door', eventsOf(setup, 300), { signal: controller.signal }),
  );
  await expect.poll(() => setup.proxy.count('/v1/presence')).toBeGreaterThan(0);
  // Gives the answer time to begin.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const abortedAtMs = performance.now();
  controller.abort();
  // No answer would come, and the next attempt would follow after half a minute.
  expect(await failed).toMatchObject({ name: 'AbortError' });
  expect(performance.now() - abortedAtMs).toBeLessThan(15_000);
  release();
});

test('an aborted call does not cancel a login that other calls wait for', async () => {
  const { released, release } = releasable();
  setup.proxy.hold = ({ path }) => (path === '/v1/auth' ? released : undefined);
  const client = setup.client();
  const controller = new AbortController();
  const aborted = failureOf(client.analytics.users({ signal: controller.signal }));
  const other = client.analytics.users().then((rows) => rows.length);
  await expect.poll(() => setup.proxy.count('/v1/auth')).toBe(1);
  controller.abort(new Error('enough'));
  expect(await aborted).toEqual(new Error('enough'));
  release();
  expect(await other).toBe(1);
  expect(setup.proxy.count('/v1/auth')).toBe(1);
});

test('an input that never ends can be aborted', async () => {
  const controller = new AbortController();
  const forever: AsyncIterable<never> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
  };
  setTimeout(() => controller.abort(), 50);
  const submitted = setup.client().presence.submit('door', forever, { signal: controller.signal });
  await expect(submitted).rejects.toMatchObject({ name: 'AbortError' });
});
