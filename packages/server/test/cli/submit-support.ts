import { afterAll, afterEach, beforeAll } from 'vitest';
import { TestProxy } from '../../../sdk/test/support/proxy.ts';
import { addSite, type Site } from '../support/presence.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { listen } from '../support/sockets.ts';
import { type Outcome, Workspace } from './support.ts';

/** A server behind a proxy, and the connection that `rollcall submit` needs. */
export class Submitting {
  work!: Workspace;
  server!: TestServer;
  site!: Site;
  proxy!: TestProxy;
  /** The environment and the input of the command. */
  secret!: { env: Record<string, string> };

  /** Call it once in a file. */
  static forEachTest(): Submitting {
    const setup = new Submitting();
    beforeAll(async () => {
      setup.work = await Workspace.create();
      setup.server = await startTestServer();
      setup.proxy = await TestProxy.start(await listen(setup.server));
      // The command uses the real time.
      setup.server.clock.nowMs = Date.now();
      setup.site = await addSite(setup.server);
      setup.secret = { env: { ROLLCALL_SECRET: setup.site.key.secret } };
    });
    afterEach(() => setup.proxy.reset());
    afterAll(async () => {
      await setup.proxy.close();
      await setup.server.close();
      await setup.work.close();
    });
    return setup;
  }

  connection = (): string[] => ['--base-url', this.proxy.baseUrl, '--key', this.site.key.apiKey];

  submit = (kind: string, file: string, ...more: string[]): Promise<Outcome> =>
    this.work.rollcall(['submit', kind, file, ...this.connection(), ...more], this.secret);
}
