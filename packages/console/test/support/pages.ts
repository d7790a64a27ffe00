import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

/** A page, and what went wrong on it so far. */
export interface WatchedPage {
  page: Page;
  /** Violations of the policy of the page, errors of its scripts, and requests to other origins. */
  faults: string[];
  close(): Promise<void>;
}

/** Opens a page in a context of its own: it shares no cookies and no storage with other pages. */
export async function watchedPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ baseURL: origin, reducedMotion: 'reduce', ...options });
  const faults: string[] = [];
  await context.exposeBinding('reportViolation', (_source, violation: string) => {
    faults.push(`policy: ${violation}`);
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
      (globalThis as unknown as { reportViolation(text: string): void }).reportViolation(
        `${violatedDirective} ${blockedURI} ${sample}`,
      ),
    );
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) faults.push(`policy: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== origin) faults.push(`request: ${url}`);
  });
  return { page, faults, close: () => context.close() };
}

/** The calls of the API that a page makes from now on, besides that of the shell: method, path and parameters. */
export function callsOf(page: Page): string[] {
  const calls: string[] = [];
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname.startsWith('/v1/') && pathname !== '/v1/session')
      calls.push(`${request.method()} ${pathname}${search}`);
  });
  return calls;
}

/** The texts of the cells of each row. */
export function cellsOf(rows: Locator): Promise<string[][]> {
  return rows.evaluateAll((each) =>
    each.map((row) => [...row.children].map((cell) => cell.textContent ?? '')),
  );
}

/** Waits until a page has its heading and all that it asks for. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByRole('status', { name: 'Loading' }).waitFor({ state: 'detached' });
}

/** Waits until the page has drawn what was changed before. */
export async function frames(page: Page): Promise<void> {
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
  );
}
