import lighthouse, { desktopConfig } from 'lighthouse';
import { describe, expect, test } from 'vitest';
import { ALL_LOOKS, expectAccessible } from '../test/support/accessibility.ts';
import { hasBrowser } from '../test/support/browser.ts';
import { callsOf } from '../test/support/pages.ts';
import { type Console, useConsole } from './console.ts';

/** Other work on the machine only makes a look slower, so the fastest look counts. */
const LOOKS = 3;
const LEAST_PERFORMANCE = 95;
const MOST_REQUESTS = 3;
const CATEGORIES = ['accessibility', 'best-practices', 'performance'];

describe.skipIf(!hasBrowser)('each page of the demo', () => {
  const site = useConsole();

  test('has the best marks of Lighthouse for accessibility and best practices, and at least 95 for performance', async () => {
    for (const address of site.console.addresses) {
      const looks = [];
      for (let look = 0; look < LOOKS; look++) looks.push(await marksOf(site.console, address));
      const { accessibility, 'best-practices': practices } = looks[0] ?? {};
      const performance = looks.map((look) => look.performance ?? 0);
      console.log(
        `${pathOf(address)}: accessibility ${accessibility}, practices ${practices}, performance ${performance}`,
      );
      expect([address, looks.map((look) => [look.accessibility, look['best-practices']])]).toEqual([
        address,
        looks.map(() => [100, 100]),
      ]);
      expect([address, Math.max(...performance)]).toEqual([address, expect.toSatisfy(isFast)]);
    }
  });

  test('has no findings of axe-core, in light and dark, wide and on a phone', async () => {
    for (const address of [...site.console.addresses, ...site.console.tabs]) {
      const page = await site.console.open(address);
      await expectAccessible(page, ALL_LOOKS);
      await page.close();
    }
  });

  test('needs at most three requests of the API after the shell', async () => {
    for (const address of [...site.console.addresses, ...site.console.tabs]) {
      const { requests, faults } = await requestsOf(site.console, address);
      console.log(`${pathOf(address)}: ${requests.length} requests ${requests.join(' ')}`);
      expect(requests.length).toBeLessThanOrEqual(MOST_REQUESTS);
      expect(faults).toEqual([]);
    }
  });
});

const isFast = (mark: number) => mark >= LEAST_PERFORMANCE;
const pathOf = (address: string) => new URL(address).pathname;

/** The marks of a page, from 0 to 100. */
async function marksOf({ debuggerPort }: Console, address: string): Promise<Record<string, number>> {
  const result = await lighthouse(
    address,
    {
      port: debuggerPort,
      output: 'json',
      logLevel: 'error',
      onlyCategories: CATEGORIES,
      disableStorageReset: true,
    },
    desktopConfig,
  );
  if (!result || result.lhr.runtimeError) throw new Error(`Lighthouse: ${result?.lhr.runtimeError?.message}`);
  const { categories, audits, finalDisplayedUrl } = result.lhr;
  // Without the session, it would look at the page to sign in.
  expect(finalDisplayedUrl).toBe(address);
  for (const { id, title, score, scoreDisplayMode } of Object.values(audits))
    if (scoreDisplayMode === 'binary' && score === 0) console.log(`${pathOf(address)}: ${id}: ${title}`);
  return Object.fromEntries(
    CATEGORIES.map((name) => [name, Math.round((categories[name]?.score ?? 0) * 100)]),
  );
}

/** The requests of the API that a page makes, each once, without those of the shell; and the faults of the page. */
async function requestsOf({ context }: Console, address: string) {
  const faults: string[] = [];
  const page = await context.newPage();
  const calls = callsOf(page);
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  await page.goto(address);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'detached' });
  await page.close();
  return { requests: [...new Set(calls)], faults };
}
