import http from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from './embedded/support.ts';
import { addSite, goodEvent, presenceRows, type Site, submit } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { listen } from './support/sockets.ts';

const BACKLOG = 5;
const MIB = 1024 * 1024;

let server: TestServer;
let site: Site;
let baseUrl: string;
beforeAll(async () => {
  server = await startTestServer({ eventBacklog: BACKLOG, eventBacklogMib: 1 });
  site = await addSite(server);
  baseUrl = await listen(server);
  await send('warm').answer;
});
afterAll(() => server.close());

interface Sent {
  request: http.ClientRequest;
  answer: Promise<{ status: number; retryAfter: string | undefined; body: string; tookMs: number }>;
}

/** Posts one event on a connection of its own; with `length`, promises a body of that many bytes and sends none of it. */
function send(eventId: string, { length }: { length?: number } = {}): Sent {
  const body = JSON.stringify({ sourceId: 'door', presenceEvents: [goodEvent(site, { eventId })] });
  const request = http.request(`${baseUrl}/v1/presence/basic`, {
    method: 'POST',
    agent: false,
    headers: {
      ...site.headers,
      'content-type': 'application/json',
      'content-length': length ?? Buffer.byteLength(body),
    },
  });
  const sentMs = performance.now();
  const answer: Sent['answer'] = new Promise((resolve, reject) => {
    request.on('error', reject).on('response', (response) => {
      let text = '';
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => {
        // Nobody waits for a body that does not come.
        if (length !== undefined) request.destroy();
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'],
          body: text,
          tookMs: performance.now() - sentMs,
        });
      });
    });
  });
  answer.catch(() => undefined);
  if (length === undefined) request.end(body);
  else request.flushHeaders();
  return { request, answer };
}

/** Runs `work` while no event can be stored. */
function whileBlocked<T>(work: () => Promise<T>): Promise<T> {
  return server.db.owner.inSystem(async (tx) => {
    await tx.query('LOCK TABLE presence_events');
    return work();
  });
}

describe('More events than the server can take', () => {
  test('are answered 503 at once, to try again, while those in hand wait; then all is as before', async () => {
    const [taken, turnedAway] = await whileBlocked(async () => {
      const taken = Array.from({ length: BACKLOG }, (_, turn) => send(`taken ${turn}`));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const more = Array.from({ length: 40 }, (_, turn) => send(`more ${turn}`));
      const answers = await Promise.all(more.map(({ answer }) => answer));
      // Whoever logs in, or asks anything else, is not to suffer for it.
      expect(await server.token(site.key)).toMatch(/^ey/);
      return [taken, answers] as const;
    });
    for (const { status, retryAfter, body, tookMs } of turnedAway) {
      expect({ status, retryAfter }).toEqual({ status: 503, retryAfter: '1' });
      expect(JSON.parse(body)).toMatchObject({ status: 503, correlationId: expect.any(String) });
      expect(tookMs).toBeLessThan(3_000);
    }
    for (const { answer } of taken) expect((await answer).status).toBe(200);
    const afterwards = await send('afterwards').answer;
    expect(afterwards).toMatchObject({ status: 200 });
    const stored = (await presenceRows(server, site)).map(({ eventId }) => eventId);
    expect(stored.filter((eventId) => eventId.startsWith('more'))).toEqual([]);
    expect(stored.filter((eventId) => eventId.startsWith('taken'))).toHaveLength(BACKLOG);
  });

  test('are turned away before their bodies are read, also by the size of what is in hand', async () => {
    const large = send('large', { length: Math.round(0.7 * MIB) });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await send('too much', { length: 0.5 * MIB }).answer).toMatchObject({
      status: 503,
      retryAfter: '1',
    });
    expect(await send('small').answer).toMatchObject({ status: 200 });
    large.request.destroy();
    await expect(large.answer).rejects.toThrow();
  });

  test('leave their places when the client gives up', async () => {
    const stalled = Array.from({ length: BACKLOG }, () => send('stalled', { length: 100 }));
    await until(async () => (await send('turned away').answer).status === 503);
    for (const { request } of stalled) request.destroy();
    await until(async () => (await send('let in').answer).status === 200);
  });

  test('do not leave places behind, whatever they are answered', async () => {
    for (let turn = 0; turn < 3 * BACKLOG; turn++) {
      expect((await submit(server, site, 'no list')).statusCode).toBe(400);
      expect(
        (await submit(server, { ...site, headers: { authorization: 'Basic eDp5' } }, [])).statusCode,
      ).toBe(401);
    }
    expect((await submit(server, site, [goodEvent(site, { eventId: 'still' })])).statusCode).toBe(200);
  });
});
