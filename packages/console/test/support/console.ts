import type { Browser, BrowserContextOptions } from 'playwright-core';
import { Rollcall } from '../../../sdk/src/index.ts';
import type { AccountRole } from '../../../server/src/store/auth/account-roles.ts';
import { startTestServer, type TestServer } from '../../../server/test/support/server.ts';
import { browserWithRole } from '../../../server/test/support/sessions.ts';
import { smallOrganisation } from '../../../server/test/support/small-organisation.ts';
import { listen } from '../../../server/test/support/sockets.ts';
import { type WatchedPage, watchedPage } from './pages.ts';

/** A server with a small organisation, and pages of it. */
export interface Console {
  server: TestServer;
  tenantId: string;
  /** The slug of the organisation. */
  organisation: string;
  origin: string;
  /** A program's client, whose answers the pages must show. */
  api: Rollcall;
  /** Whether the server says that its schema is up to date. */
  lifecycle: { migrated: boolean };
  /** A page of nobody. */
  open(browser: Browser, options?: BrowserContextOptions): Promise<WatchedPage>;
  /** A page of a person with this role, who has signed in. */
  openAs(browser: Browser, role: AccountRole, options?: BrowserContextOptions): Promise<WatchedPage>;
  close(): Promise<void>;
}

export async function startConsole(): Promise<Console> {
  const lifecycle = { migrated: true };
  const server = await startTestServer({}, { lifecycle });
  const { tenantId, key } = await smallOrganisation(server);
  const [organisation] = await server.db.owner.inTenant(tenantId, async (tx) => {
    const { rows } = await tx.query('SELECT slug FROM organisations WHERE tenant_id = $1', [tenantId]);
    return rows as { slug: string }[];
  });
  const origin = await listen(server);
  const open = (browser: Browser, options?: BrowserContextOptions) => watchedPage(browser, origin, options);
  return {
    server,
    tenantId,
    organisation: organisation?.slug ?? '',
    origin,
    api: new Rollcall({ baseUrl: origin, ...key, authentication: 'basic' }),
    lifecycle,
    open,
    openAs: async (browser, role, options) => {
      const opened = await open(browser, options);
      const { cookie } = await browserWithRole(server, tenantId, role);
      const [name = '', value = ''] = cookie.split('=');
      await opened.page.context().addCookies([{ name, value, url: origin, httpOnly: true }]);
      return opened;
    },
    close: () => server.close(),
  };
}
