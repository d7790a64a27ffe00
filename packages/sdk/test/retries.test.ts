import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { NetworkError, type Retry } from '../src/index.ts';
import { eventsOf, type Setup, setUp } from './support/setup.ts';

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
});
afterEach(() => setup.proxy.reset());
afterAll(() => setup.close());

test('a failed login is not repeated again for each retry of the call', async () => {
  setup.proxy.fate = () => 'refuse';
  await expect(setup.client({ maxRetries: 2 }).analytics.users()).rejects.toBeInstanceOf(NetworkError);
  expect(setup.proxy.count('/v1/auth')).toBe(3);
});

test('the client calls onRetry before each retry, and an error that onRetry throws ends the call', async () => {
  setup.proxy.fate = () => 'refuse';
  const told: Retry[] = [];
  const onRetry = (retry: Retry) => {
    told.push(retry);
    if (retry.retries === 2) throw new Error('enough');
  };
  await expect(setup.client({ maxRetries: 10, onRetry }).analytics.users()).rejects.toThrow('enough');
  expect(told.map(({ retries, error }) => [retries, error.name])).toEqual([
    [0, 'NetworkError'],
    [1, 'NetworkError'],
    [2, 'NetworkError'],
  ]);
});

test('submit tells new events from stored ones if tellNew is set', async () => {
  const events = eventsOf(setup, 250, 3, 60_000);
  const client = setup.client();
  const submit = async (tellNew?: boolean) => {
    const { results } = await client.presence.submit('told', events, { tellNew });
    return new Set(results.map(({ isNew }) => isNew));
  };
  expect(await submit(true)).toEqual(new Set([true]));
  expect(await submit(true)).toEqual(new Set([false]));
  expect(await submit()).toEqual(new Set([undefined]));
});
