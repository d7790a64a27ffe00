import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../server/test/support/server.ts';
import { listen } from '../../server/test/support/sockets.ts';
import { hasBrowser, openBrowser } from './support/browser.ts';
import { watchedPage } from './support/pages.ts';

let server: TestServer;
let origin: string;

beforeAll(async () => {
  server = await startTestServer();
  origin = await listen(server);
});
afterAll(() => server.close());

const directivesOf = (policy: unknown) =>
  Object.fromEntries(
    String(policy)
      .split('; ')
      .map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1).join(' ')]),
  );

describe('the page', () => {
  test('has a policy without unsafe parts, and a nonce that is new for each answer', async () => {
    const answers = [
      await server.app.inject({ url: '/console' }),
      await server.app.inject({ url: '/console' }),
    ];
    const nonces = answers.map(({ body }) => /property="csp-nonce" nonce="([\w-]{22})"/.exec(body)?.[1]);
    expect(new Set(nonces).size).toBe(2);
    for (const [index, { headers, statusCode }] of answers.entries()) {
      expect(statusCode).toBe(200);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(headers['cache-control']).toBe('no-store');
      expect(directivesOf(headers['content-security-policy'])).toEqual({
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': `'self' 'nonce-${nonces[index]}'`,
        'img-src': "'self' data: blob:",
        'connect-src': "'self'",
        'base-uri': "'none'",
        'form-action': "'self'",
        'frame-ancestors': "'none'",
        'object-src': "'none'",
      });
    }
  });

  test('answers at every path that is no asset', async () => {
    const paths = [
      '/console/',
      '/console/acme/attendance?period=week',
      '/console/acme/a/b.js',
      '/console/sign-in',
    ];
    for (const url of paths) {
      const { statusCode, body } = await server.app.inject({ url });
      expect([url, statusCode]).toEqual([url, 200]);
      expect(body).toContain('<div id="root">');
    }
  });

  test('answers while the schema is migrated', async () => {
    const waiting = await startTestServer({}, { lifecycle: { migrated: false } });
    expect((await waiting.app.inject({ url: '/console' })).statusCode).toBe(200);
    expect((await waiting.app.inject({ url: '/v1/analytics/users' })).statusCode).toBe(503);
    await waiting.close();
  });
});

describe('an asset', () => {
  const scriptOf = async () =>
    /src="(\/console\/assets\/[\w-]+\.js)"/.exec((await server.app.inject({ url: '/console' })).body)?.[1] ??
    '';

  test('may be kept for ever, and was compressed when it was built', async () => {
    const url = await scriptOf();
    const plain = await server.app.inject({ url });
    expect(plain.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
      vary: 'accept-encoding',
    });
    expect(plain.headers).not.toHaveProperty('content-encoding');
    for (const coding of ['gzip', 'br']) {
      const { headers, rawPayload } = await server.app.inject({
        url,
        headers: { 'accept-encoding': coding },
      });
      expect(headers['content-encoding']).toBe(coding);
      expect(rawPayload.length).toBeLessThan(plain.rawPayload.length / 2);
    }
  });

  test('that does not exist is a 404, also if its name leads out of the folder', async () => {
    for (const name of ['none.js', '..%2findex.html', '%2e%2e%2findex.html', 'none.js.gz'])
      expect((await server.app.inject({ url: `/console/assets/${name}` })).statusCode).toBe(404);
  });
});

describe.skipIf(!hasBrowser)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  test.each(['light', 'dark'] as const)(
    'a dialog, a menu and a tooltip violate no policy, %s',
    async (colorScheme) => {
      const { page, faults, close } = await watchedPage(browser, origin, { colorScheme });
      await page.goto('/console/sign-in');
      await page.getByRole('button', { name: 'Colours' }).hover();
      await page.getByRole('tooltip').waitFor();
      await page.getByRole('button', { name: 'Colours' }).click();
      await page.getByRole('menuitem', { name: colorScheme === 'light' ? 'Dark' : 'Light' }).click();
      const scheme = colorScheme === 'light' ? 'dark' : 'light';
      await page.locator(`html[data-mantine-color-scheme=${scheme}]`).waitFor();

      await page.getByRole('button', { name: 'I cannot sign in' }).click();
      await page.getByRole('dialog').waitFor();
      // The styles that stop the page behind a dialog from scrolling apply only with the nonce.
      expect(await page.evaluate(() => getComputedStyle(document.body).overflow)).toBe('hidden');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(faults).toEqual([]);
      await close();
    },
  );

  test('a violation is found', async () => {
    const { page, faults, close } = await watchedPage(browser, origin);
    await page.goto('/console/sign-in');
    await page.evaluate(() => document.body.setAttribute('style', 'color: red'));
    await expect.poll(() => faults.join()).toMatch(/style-src/);
    await close();
  });
});
