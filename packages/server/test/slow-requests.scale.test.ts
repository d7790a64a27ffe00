import { once } from 'node:events';
import net from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { startTestServer } from './support/server.ts';
import { listen } from './support/sockets.ts';

const server = await startTestServer();
const baseUrl = await listen(server);
afterAll(() => server.close());

/** The server looks for late requests twice a minute. */
const LONGEST_MS = 90_000;

/** Sends a beginning, and one more piece each second. Returns all that came back until the connection ended. */
async function slowly(beginning: string, piece: string): Promise<{ text: string; afterMs: number }> {
  const { hostname, port } = new URL(baseUrl);
  const socket = net.connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (received) => {
    text += received;
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const fromMs = performance.now();
  socket.write(beginning);
  const timer = setInterval(() => socket.write(piece), 1_000);
  await once(socket, 'end');
  clearInterval(timer);
  socket.destroy();
  return { text, afterMs: performance.now() - fromMs };
}

describe('A request that does not come to its end is a 408, and its connection ends', () => {
  test.concurrent.each([
    ['headers, one each second', 'GET /healthz HTTP/1.1\r\nHost: test\r\n', 'X-Slow: a\r\n'],
    ['one header, a character each second', 'GET /healthz HTTP/1.1\r\nHost: test\r\nX-Slow: ', 'a'],
    ['a request line, a character each second', 'GET /', 'a'],
    ['empty lines before a request', '\r\n', '\r\n'],
  ])('%s', async (_what, beginning, piece) => {
    const { text, afterMs } = await slowly(beginning, piece);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(afterMs).toBeLessThan(LONGEST_MS);
  });
});
