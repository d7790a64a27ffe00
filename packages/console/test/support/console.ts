import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { Rollcall } from '../../../sdk/src/index.ts';
import type { ServerConfig } from '../../../server/src/config.ts';
import type { AccountRole } from '../../../server/src/store/auth/account-roles.ts';
import {
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../../../server/test/support/server.ts';
import { browserWithRole } from '../../../server/test/support/sessions.ts';
import { smallOrganisation } from '../../../server/test/support/small-organisation.ts';
import { listen } from '../../../server/test/support/sockets.ts';
import { openBrowser } from './browser.ts';
import { type WatchedPage, watchedPage } from './pages.ts';

/** Days on which the small organisation has events. */
export const DAYS = 'from=2026-03-02&to=2026-03-13';

/** A server with a small organisation, and a browser for its pages. */
export interface Site {
  server: TestServer;
  tenantId: string;
  /** The slug of the organisation. */
  organisation: string;
  origin: string;
  /** A program's client, whose answers the pages must show. */
  api: Rollcall;
  /** Whether the server says that its schema is up to date. */
  lifecycle: { migrated: boolean };
  browser: Browser;
}

/** Pages of a site. They are closed after each test, which fails if anything went wrong on one of them. */
export interface Pages {
  readonly site: Site;
  /** A page of nobody. It may ask nothing of another origin than `baseURL`, which is that of the site by default. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /** A page of a person with this role, who has signed in. */
  openAs(role: AccountRole, options?: BrowserContextOptions): Promise<Page>;
  /** A page that may have faults. The caller closes it. */
  openFaulty(): Promise<WatchedPage>;
  /** The address of the page of attendance. */
  attendance(parameters?: string): string;
}

/** What a site has besides its defaults. */
export interface SiteOptions {
  config?: Partial<ServerConfig>;
  server?: TestServerOptions;
}

/** Starts a site for the tests of a group, and ends it after them. Call it in the group. */
export function usePages(prepare: () => Promise<SiteOptions> = async () => ({})): Pages {
  let site: Site;
  let opened: WatchedPage[] = [];
  beforeAll(async () => {
    site = await startSite(await prepare());
  });
  afterAll(async () => {
    await site?.browser.close();
    await site?.server.close();
  });
  afterEach(async () => {
    const pages = opened;
    opened = [];
    const faults = pages.flatMap((each) => each.faults);
    await Promise.all(pages.map(({ close }) => close()));
    expect(faults).toEqual([]);
  });
  const open = async (options?: BrowserContextOptions) => {
    const page = await watchedPage(site.browser, options?.baseURL ?? site.origin, options);
    opened.push(page);
    return page.page;
  };
  return {
    get site() {
      return site;
    },
    open,
    openAs: async (role, options) => {
      const page = await open(options);
      const { cookie } = await browserWithRole(site.server, site.tenantId, role);
      const [name = '', value = ''] = cookie.split('=');
      await page.context().addCookies([{ name, value, url: site.origin, httpOnly: true }]);
      return page;
    },
    openFaulty: () => watchedPage(site.browser, site.origin),
    attendance: (parameters = DAYS) => `/console/${site.organisation}/attendance?${parameters}`,
  };
}

/** The heading of a page. */
export function heading(page: Page, name: string): Locator {
  return page.getByRole('heading', { level: 1, name });
}

async function startSite({ config, server: options }: SiteOptions): Promise<Site> {
  const lifecycle = { migrated: true };
  const [server, browser] = await Promise.all([
    startTestServer(config, { ...options, lifecycle }),
    openBrowser(),
  ]);
  const { tenantId, key } = await smallOrganisation(server);
  const [organisation] = await server.db.owner.inTenant(tenantId, async (tx) => {
    const { rows } = await tx.query('SELECT slug FROM organisations WHERE tenant_id = $1', [tenantId]);
    return rows as { slug: string }[];
  });
  const origin = await listen(server);
  return {
    server,
    browser,
    tenantId,
    organisation: organisation?.slug ?? '',
    origin,
    // A token proves itself to the server's clock, which shows another year.
    api: new Rollcall({ baseUrl: origin, ...key, authentication: 'client-credentials' }),
    lifecycle,
  };
}
