import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the proxy does with a request. */
export type Fate =
  | 'pass'
  /** The proxy closes the connection and does not forward the request. */
  | 'refuse'
  /** The proxy forwards the request and closes the connection before the answer. */
  | 'lose'
  /** The proxy forwards the request twice. */
  | 'twice'
  /** The proxy sends half of the answer's body and closes the connection. */
  | 'break'
  /** Like `break`, but the connection closes when the promise resolves. */
  | { breakAfter: Promise<unknown> }
  /** The proxy sends half of the answer's body as a complete answer. */
  | 'shorten'
  | { delayMs: number }
  | { status: number; headers?: Record<string, string>; body?: string }
  | { rewrite: (body: string) => string };

export interface Seen {
  method: string;
  /** The path without its query. */
  path: string;
  query: URLSearchParams;
  headers: http.IncomingHttpHeaders;
  body: string;
}

interface Reply {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** A proxy between a client and the server. `fate` decides what it does with each request. */
export class TestProxy {
  readonly seen: Seen[] = [];
  readonly #target: string;
  readonly #server: http.Server;
  fate: (request: Seen) => Fate = () => 'pass';
  /** The promise that a request waits for before the proxy forwards it. */
  hold: (request: Seen) => Promise<void> | undefined = () => undefined;
  /** Headers, in lower case, that the proxy removes from answers. */
  hidden: string[] = [];

  private constructor(target: string) {
    this.#target = target;
    this.#server = http.createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(target: string): Promise<TestProxy> {
    const proxy = new TestProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The number of requests to a path. */
  count(path: string): number {
    return this.seen.filter((each) => each.path === path).length;
  }

  /** Restores the initial state: every request passes, and `seen` is empty. */
  reset(): void {
    this.fate = () => 'pass';
    this.hold = () => undefined;
    this.hidden = [];
    this.seen.length = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const url = new URL(request.url ?? '', this.#target);
    const { method = '', headers } = request;
    const seen = { method, path: url.pathname, query: url.searchParams, headers, body: body.toString() };
    this.seen.push(seen);
    await this.hold(seen);
    const fate = this.fate(seen);
    if (fate === 'refuse') return void response.destroy();
    if (typeof fate === 'object' && 'status' in fate)
      return void response.writeHead(fate.status, fate.headers).end(fate.body);
    if (fate === 'twice') await this.#forward(url, method, headers, body);
    const reply = await this.#forward(url, method, headers, body);
    for (const name of this.hidden) delete reply.headers[name];
    await this.#answer(response, reply, fate);
  }

  async #answer(response: http.ServerResponse, reply: Reply, fate: Fate): Promise<void> {
    if (fate === 'lose') return void response.destroy();
    const half = reply.body.subarray(0, reply.body.length >> 1);
    if (fate === 'shorten') {
      const { 'content-length': _, 'transfer-encoding': __, ...headers } = reply.headers;
      return void response.writeHead(reply.status, headers).end(half);
    }
    if (typeof fate === 'object' && 'delayMs' in fate)
      await new Promise((resolve) => setTimeout(resolve, fate.delayMs));
    const rewritten = typeof fate === 'object' && 'rewrite' in fate;
    const body = rewritten ? Buffer.from(fate.rewrite(reply.body.toString())) : reply.body;
    const { 'transfer-encoding': _, ...headers } = reply.headers;
    response.writeHead(reply.status, { ...headers, 'content-length': String(body.length) });
    const broken = brokenAfter(fate);
    if (!broken) return void response.end(body);
    response.write(half, () => void broken.then(() => response.destroy()));
  }

  #forward(url: URL, method: string, headers: http.IncomingHttpHeaders, body: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const request = http.request(url, { method, headers: { ...headers, host: url.host } }, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(pieces),
          }),
        );
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

/** Resolves when an answer is to break off; undefined if it is not to. */
function brokenAfter(fate: Fate): Promise<unknown> | undefined {
  if (fate === 'break') return new Promise((resolve) => setTimeout(resolve, 5));
  return typeof fate === 'object' && 'breakAfter' in fate ? fate.breakAfter : undefined;
}
