import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { startDemo } from '../scripts/demo.mjs';
import { PROGRAM } from '../test/support/browser.ts';

const DAYS_OF_HISTORY = '60';
/** Pages that the navigation does not list: the part of the address after the organisation. */
const UNLISTED = ['account', 'sessions', 'set-up'];
const TABS = [
  ...['scim', 'sources', 'refused', 'requests'].map((view) => `integrations?view=${view}`),
  ...['organisation', 'methods'].map((view) => `settings?view=${view}`),
];

/** A demo, and a browser in which its administrator is signed in. */
export interface Console {
  demo: Awaited<ReturnType<typeof startDemo>>;
  context: BrowserContext;
  /** The port of the browser's debugger. */
  debuggerPort: number;
  /** The addresses of all pages, those that the navigation lists first. */
  addresses: string[];
  /** The addresses of the other tabs of pages. */
  tabs: string[];
  /** Opens an address, and waits until the page has what it asks for. */
  open(address: string): Promise<Page>;
}

/** Starts a demo and a browser for the checks of a file, and ends them after these. */
export function useConsole(): { readonly console: Console } {
  let site: Console;
  let profile: string;
  beforeAll(async () => {
    profile = await mkdtemp(join(tmpdir(), 'rollcall-browser-'));
    const demo = await startDemo(['--days', DAYS_OF_HISTORY]);
    // Lighthouse opens its pages in the context that the profile has, so the session is there.
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: PROGRAM ?? '',
      args: ['--no-sandbox', '--remote-debugging-port=0'],
      reducedMotion: 'reduce',
    });
    const [port] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8')).split('\n');
    const page = await context.newPage();
    await page.goto(demo.link);
    await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
    const home = page.url();
    const listed = await page
      .getByRole('navigation')
      .getByRole('link')
      .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
    await page.goto(new URL('people', home).href);
    await page.getByRole('list', { name: 'People found' }).getByRole('link').first().click();
    await page.waitForURL((url) => url.searchParams.has('week'));
    const person = page.url();
    await page.goto(new URL('floor', home).href);
    await page.getByRole('list', { name: 'Floor plans' }).getByRole('link').first().click();
    await page.waitForURL((url) => url.searchParams.has('level'));
    const floor = page.url();
    await page.close();
    const open = async (address: string) => {
      const opened = await context.newPage();
      await opened.goto(address);
      await opened.getByRole('heading', { level: 1 }).waitFor();
      await opened.getByRole('status', { name: 'Loading' }).waitFor({ state: 'detached' });
      return opened;
    };
    site = {
      demo,
      context,
      debuggerPort: Number(port),
      addresses: [...listed, ...UNLISTED.map((path) => new URL(path, home).href), person],
      tabs: [
        ...TABS.map((path) => new URL(path, home).href),
        ...['log', 'about'].map((tab) => new URL(`?tab=${tab}`, person).href),
        floor,
      ],
      open,
    };
  });
  afterAll(async () => {
    await site?.context.close();
    await site?.demo.stop();
    await rm(profile, { recursive: true, force: true });
  });
  return {
    get console() {
      return site;
    },
  };
}
