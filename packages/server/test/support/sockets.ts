import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { DatabaseTarget } from '../../src/store/connections/db.ts';
import type { Site } from './presence.ts';
import type { TestServer } from './server.ts';

/** Makes the server listen on a free port. Returns its base URL. */
export function listen(server: TestServer): Promise<string> {
  return server.app.listen({ host: '127.0.0.1', port: 0 });
}

/** A GET that has received its headers and has read nothing yet. Backpressure then reaches the database. */
export function openPaused(
  url: string,
  site: Pick<Site, 'headers'>,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { headers: { ...site.headers, ...headers }, agent: false, ...(signal && { signal }) };
    const request = http.get(url, options, (response) => {
      response.pause();
      resolve(response);
    });
    request.on('error', reject);
  });
}

/** Resolves when `count` more requests have arrived and the server looks up their callers. */
export function requestsArrive({ app }: TestServer, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const onRequest = () => {
      if (--left > 0) return;
      app.server.off('request', onRequest);
      resolve();
    };
    app.server.on('request', onRequest);
  });
}

/** Pipelines requests on a separate connection. Nothing reads the answers. */
export async function pipeline(baseUrl: string, requests: readonly Piped[]): Promise<net.Socket> {
  const { hostname, port } = new URL(baseUrl);
  const socket = net.connect(Number(port), hostname);
  socket.on('error', () => undefined).pause();
  await once(socket, 'connect');
  socket.write(requests.map(requestText).join(''));
  return socket;
}

/** The text of a request on a connection. */
export function requestText({ url, headers, body = '' }: Piped): string {
  const { pathname, search, host } = new URL(url);
  const fields = { host, 'content-length': Buffer.byteLength(body), ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${body === '' ? 'GET' : 'POST'} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

export interface Piped {
  url: string;
  headers: Record<string, string>;
  /** The body of a POST; a GET has none. */
  body?: string;
}

export interface Transfer {
  bytes: Buffer;
  text: string;
  chunks: number;
  /** Whether the transfer was complete. */
  complete: boolean;
}

/** The number of open connections of a server. */
export function countConnections({ app }: TestServer): Promise<number> {
  return new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count)));
}

/** Reads an answer to its end, or to the point at which it broke off. */
export function readAll(response: http.IncomingMessage): Promise<Transfer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const end = () => {
      const bytes = Buffer.concat(pieces);
      resolve({ bytes, text: bytes.toString(), chunks: pieces.length, complete: response.complete });
    };
    response.on('data', (piece: Buffer) => pieces.push(piece));
    response.on('error', () => undefined);
    response.on('close', end);
    // It may have broken off before anybody read it.
    if (response.closed) end();
    response.resume();
  });
}

/** A proxy between the server and its database. A test can cut the database off and restore it. */
export class DatabaseProxy {
  readonly #target: DatabaseTarget;
  readonly #pairs = new Set<[net.Socket, net.Socket]>();
  #listener = net.createServer();
  #mode: 'open' | 'resets' | 'frozen' = 'open';
  #port = 0;

  private constructor(target: DatabaseTarget) {
    this.#target = target;
  }

  static async start(target: DatabaseTarget): Promise<DatabaseProxy> {
    const proxy = new DatabaseProxy(target);
    await proxy.#listen();
    return proxy;
  }

  get target(): DatabaseTarget {
    return { host: '127.0.0.1', port: this.#port };
  }

  /**
   * `refuses`: no port listens. `resets`: connections end at once. `frozen`: connections stay open and transfer
   * nothing.
   */
  async cut(how: 'refuses' | 'resets' | 'frozen'): Promise<void> {
    if (how === 'frozen') {
      this.#mode = 'frozen';
      for (const [near, far] of this.#pairs) for (const socket of [near, far]) socket.unpipe();
      return;
    }
    this.#mode = 'resets';
    this.#endAll();
    if (how === 'refuses') await this.#stopListening();
  }

  async restore(): Promise<void> {
    if (this.#mode === 'frozen') this.#endAll();
    this.#mode = 'open';
    if (!this.#listener.listening) await this.#listen();
  }

  async close(): Promise<void> {
    this.#endAll();
    if (this.#listener.listening) await this.#stopListening();
  }

  async #listen(): Promise<void> {
    this.#listener = net.createServer((near) => this.#accept(near));
    await new Promise<void>((resolve) => this.#listener.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#listener.address() as net.AddressInfo).port;
  }

  async #stopListening(): Promise<void> {
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #accept(near: net.Socket): void {
    near.on('error', () => undefined);
    if (this.#mode === 'resets') return void near.destroy();
    const { host = 'localhost', port = 5432 } = this.#target;
    const far = host.startsWith('/') ? net.connect(`${host}/.s.PGSQL.${port}`) : net.connect(port, host);
    far.on('error', () => undefined);
    const pair: [net.Socket, net.Socket] = [near, far];
    this.#pairs.add(pair);
    near.on('close', () => far.destroy());
    far.on('close', () => {
      near.destroy();
      this.#pairs.delete(pair);
    });
    if (this.#mode === 'frozen') return;
    near.pipe(far);
    far.pipe(near);
  }

  #endAll(): void {
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }
}
