import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rollcall } from '@rollcall/sdk';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { startDemo } from '../scripts/demo.mjs';
import { PROGRAM } from '../test/support/browser.ts';
import { settled } from '../test/support/pages.ts';
import { isWholePage, OUTSIDE, type View, viewsOf } from '../test/support/views.ts';

const DAYS_OF_HISTORY = '60';
/** A demo, and a browser in which its administrator is signed in. */
export interface Console {
  demo: Awaited<ReturnType<typeof startDemo>>;
  context: BrowserContext;
  /** The port of the browser's debugger. */
  debuggerPort: number;
  /** The addresses of all pages and of their tabs and parts. */
  addresses: string[];
  /** The addresses of the pages alone. */
  pages: string[];
  /** The addresses of pages without an organisation. */
  outside: string[];
  /** The address of the page Today. */
  today: string;
  /** Opens an address, and waits until the page has what it asks for. */
  open(address: string): Promise<Page>;
}

/** Starts a demo and a browser for the checks of a file, and ends them after these. */
export function useConsole(): { readonly console: Console } {
  let site: Console;
  /** Each thing that was started is ended also if a later step of the start fails. */
  const ends: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    const profile = await mkdtemp(join(tmpdir(), 'rollcall-browser-'));
    ends.unshift(() => rm(profile, { recursive: true, force: true }));
    const demo = await startDemo(['--days', DAYS_OF_HISTORY]);
    ends.unshift(() => demo.stop());
    // Lighthouse opens its pages in the context that the profile has, so the session is there.
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: PROGRAM ?? '',
      args: ['--no-sandbox', '--remote-debugging-port=0'],
      reducedMotion: 'reduce',
    });
    ends.unshift(() => context.close());
    const [port] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8')).split('\n');
    const page = await context.newPage();
    await page.goto(demo.link);
    await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
    const home = page.url();
    await page.close();
    const ids = await idsOf(demo);
    await beginDraft(demo, ids.levelId);
    const views = viewsOf(ids);
    const addressesOf = (some: readonly View[]) => some.map(({ path }) => new URL(path, home).href);
    const open = async (address: string) => {
      const opened = await context.newPage();
      await opened.goto(address);
      await settled(opened);
      return opened;
    };
    site = {
      demo,
      context,
      debuggerPort: Number(port),
      addresses: addressesOf(views),
      pages: addressesOf(views.filter(isWholePage)),
      outside: OUTSIDE.map((path) => new URL(`/console/${path}`, home).href),
      today: home,
      open,
    };
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });
  return {
    get console() {
      return site;
    },
  };
}

/** A person, and a desk with its office and level, of the demo. */
async function idsOf(demo: Console['demo']) {
  const { analytics } = clientOf(demo, 'data-warehouse');
  const [user] = await analytics.users({ limit: 1 });
  const [desk] = await analytics.desks({ limit: 1 });
  if (!user || !desk) throw new Error('The demo has no person or no desk.');
  return { userId: user.userId, officeId: desk.locationId, levelId: desk.levelId, deskId: desk.deskId };
}

/** Begins a draft with the published plan of a level, so that the page that edits it has what to edit. */
async function beginDraft(demo: Console['demo'], levelId: string): Promise<void> {
  const { floorPlans } = clientOf(demo, 'all').manage;
  const { published } = (await floorPlans.read(levelId)).row;
  if (!published) throw new Error('The level of the demo has no plan.');
  const { imageId, aspectRatio, placements } = published;
  await floorPlans.saveDraft(levelId, { imageId, aspectRatio, placements });
}

/** A client with a key of the demo that has this role. */
export function clientOf({ baseUrl, keys }: Console['demo'], role: string): Rollcall {
  const key = keys.find((each) => each.role === role);
  return new Rollcall({
    baseUrl,
    apiKey: key?.apiKey ?? '',
    secret: key?.secret ?? '',
    authentication: 'client-credentials',
  });
}
