import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { post } from '../../src/cli/post.ts';
import { ReachabilityMonitor } from '../../src/cli/reachability.ts';

const answers: Record<string, (body: string, reply: ServerResponse) => void> = {
  '/echo': (body, reply) => reply.writeHead(201, { 'Retry-After': '3' }).end(`got ${body}`),
  '/empty': (_body, reply) => reply.writeHead(204).end(),
  '/moved': (_body, reply) => reply.writeHead(307, { location: '/echo' }).end(),
  '/broken': (_body, reply) => {
    reply.writeHead(200, { 'content-length': '100' }).write('a part');
    setImmediate(() => reply.destroy());
  },
  '/impossible': (_body, reply) => reply.writeHead(999).end(),
  '/silent': () => undefined,
};

let server: Server;
let baseUrl: string;
beforeAll(async () => {
  server = createServer(async (request, reply) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    answers[request.url ?? '']?.(Buffer.concat(pieces).toString(), reply);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test.each(['/echo', '/empty'])('the answer of a POST is that of fetch: %s', async (path) => {
  const call = { headers: { 'content-type': 'application/json' }, body: '"é"' };
  const own = await post(`${baseUrl}${path}`, call);
  const fetched = await fetch(`${baseUrl}${path}`, { method: 'POST', ...call });
  expect([own.status, own.ok, own.headers.get('Retry-After'), await own.text()]).toEqual([
    fetched.status,
    fetched.ok,
    fetched.headers.get('retry-after'),
    await fetched.text(),
  ]);
});

test.each(['/broken', '/impossible'])(
  'an answer that is incomplete or impossible is an error: %s',
  async (path) => {
    await expect(post(`${baseUrl}${path}`, { body: '' })).rejects.toThrow();
  },
);

test('a call ends when its signal says so', async () => {
  const end = new AbortController();
  const call = post(`${baseUrl}/silent`, { body: '', signal: end.signal });
  end.abort(new Error('over'));
  await expect(call).rejects.toThrow();
});

test('after the first answer, commands post by it, and follow a redirection all the same', async () => {
  const { fetch: send } = new ReachabilityMonitor(baseUrl, undefined);
  const call = { method: 'POST', body: 'one' };
  expect(await (await send(`${baseUrl}/echo`, call)).text()).toBe('got one');
  expect(await (await send(`${baseUrl}/echo`, call)).text()).toBe('got one');
  expect(await (await send(`${baseUrl}/moved`, call)).text()).toBe('got one');
});
