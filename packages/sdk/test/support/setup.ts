import type { ServerConfig } from '../../../server/src/config.ts';
import { addSite, type Site } from '../../../server/test/support/presence.ts';
import { startTestServer, type TestServer } from '../../../server/test/support/server.ts';
import { listen } from '../../../server/test/support/sockets.ts';
import { Rollcall, type RollcallOptions } from '../../src/index.ts';
import type { PresenceEvent } from '../../src/types.ts';
import { TestProxy } from './proxy.ts';

export interface Setup {
  server: TestServer;
  site: Site;
  /** The server's own address. */
  baseUrl: string;
  proxy: TestProxy;
  /** A client that goes through the proxy. */
  client(options?: RollcallOptions): Rollcall;
  close(): Promise<void>;
}

/** The real server with an organisation, and a proxy in front of it. */
export async function setUp(config: Partial<ServerConfig> = {}): Promise<Setup> {
  const server = await startTestServer(config);
  // Clients use the real time.
  server.clock.nowMs = Date.now();
  const site = await addSite(server);
  const baseUrl = await listen(server);
  const proxy = await TestProxy.start(baseUrl);
  return {
    server,
    site,
    baseUrl,
    proxy,
    client: (options = {}) =>
      new Rollcall({ baseUrl: proxy.baseUrl, apiKey: site.key.apiKey, secret: site.key.secret, ...options }),
    close: async () => {
      await proxy.close();
      await server.close();
    },
  };
}

const DAY_MS = 86_400_000;

/** Events of the site's user, from `daysAgo` days ago, `stepMs` apart. */
export function eventsOf({ site }: Setup, count: number, daysAgo = 1, stepMs = 1000): PresenceEvent[] {
  const fromMs = Date.now() - daysAgo * DAY_MS;
  return Array.from({ length: count }, (_, index) => ({
    eventId: `e${index}`,
    timestamp: new Date(fromMs + index * stepMs),
    locationId: site.office.placeId,
    locationType: 'place',
    userId: site.user.userId,
  }));
}

/** The UTC date `days` days ago. */
export function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
}
