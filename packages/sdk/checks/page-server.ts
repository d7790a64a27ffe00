import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const PAGE = `<!doctype html><title>page</title>
<script type="importmap">{ "imports": { "@rollcall/sdk": "/node_modules/@rollcall/sdk/dist/esm/index.js" } }</script>
<script type="module">
  import { Rollcall } from '@rollcall/sdk';
  import { walk } from '/walk.mjs';
  Object.assign(globalThis, { Rollcall, walk });
</script>`;

/**
 * A web server with its own origin. It serves a page that imports the SDK, and the files of a directory. It records each
 * request below /v1 and answers it with 404.
 */
export class PageServer {
  /** The headers of each request below /v1. */
  readonly seen: http.IncomingHttpHeaders[] = [];
  readonly #server: http.Server;

  private constructor(directory: string) {
    this.#server = http.createServer(async (request, response) => {
      const path = request.url ?? '/';
      if (path === '/') return void response.setHeader('content-type', 'text/html').end(PAGE);
      if (path.startsWith('/v1/')) this.seen.push(request.headers);
      const text = path.startsWith('/v1/')
        ? undefined
        : await readFile(join(directory, path)).catch(() => undefined);
      if (!text) return void response.writeHead(404).end();
      response.setHeader('content-type', 'text/javascript').end(text);
    });
  }

  static async start(directory: string): Promise<PageServer> {
    const server = new PageServer(directory);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
