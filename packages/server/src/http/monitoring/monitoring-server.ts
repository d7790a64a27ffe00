import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { isLoopback } from '../network.ts';

export const METRICS_PATH = '/metrics';
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const TIMEOUT_MS = 10_000;
/** A Prometheus has one connection, or two. */
const MOST_CONNECTIONS = 16;

export interface MonitoringServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Serves /metrics, and nothing else, on a port of its own. Who reaches the address may read it. On an address of this machine
 * only, a request must name this machine, so that no page in a browser can read it under a name of its own. Throws the error of
 * `listen`.
 */
export async function serveMonitoring(
  { host, port }: { host: string; port: number },
  read: () => Promise<string>,
): Promise<MonitoringServer> {
  const server = createServer(
    { requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS },
    (request, response) => {
      void answer(request, response, { read, isLocal: isLoopback(host) });
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.listen({ host, port });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { read, isLocal }: { read: () => Promise<string>; isLocal: boolean },
): Promise<void> {
  const send = (status: number, body: string, headers: Record<string, string> = {}) =>
    response
      .writeHead(status, {
        'content-type': CONTENT_TYPE,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        ...headers,
      })
      .end(request.method === 'HEAD' ? undefined : body);
  request.resume();
  if (isLocal && !namesThisMachine(request.headers.host)) {
    send(421, 'This address is for this machine only.\n');
  } else if (request.url?.split('?')[0] !== METRICS_PATH) {
    send(404, `The metrics are at ${METRICS_PATH}.\n`);
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(405, 'Use GET.\n', { allow: 'GET, HEAD' });
  } else {
    await read().then(
      (text) => send(200, text),
      () => send(500, 'The metrics could not be read.\n'),
    );
  }
}

function namesThisMachine(host = ''): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isIP(name) !== 0;
}
