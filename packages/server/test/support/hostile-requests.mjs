import { randomUUID } from 'node:crypto';
import net from 'node:net';

/*
 * Sends valid requests as fast as they are answered, in a separate process. It receives `{ kind, baseUrl,
 * authorization, connections, ... }` and answers that it has begun. It continues until it is told to stop, and then
 * answers with its counts. It writes bytes itself, because an HTTP client would use as much processor time as the
 * server.
 */

const EVENTS = 100;

const kinds = {
  /** Presence events, a hundred in each request. */
  events: ({ userId, placeId }) => {
    const run = randomUUID();
    const timestamp = new Date().toISOString();
    const presenceEvents = Array.from({ length: EVENTS }, (_, index) => ({
      ...{ eventId: `${run} ${index}`, timestamp, locationId: placeId, locationType: 'place', userId },
    }));
    return ['POST', '/v1/presence/basic', JSON.stringify({ sourceId: 'flood', presenceEvents })];
  },
  /** Metrics of a year. */
  metrics: () => [
    'GET',
    '/v1/analytics/metrics/basic?startDate=2026-01-01&endDate=2026-12-31&by=zone&period=day',
  ],
  /** Paths that do not exist. */
  missing: () => ['GET', `/v1/${randomUUID()}`],
};

const counts = { sent: 0 };
let isOver = false;

function connect(job, { hostname, port, host }) {
  const socket = net.connect(Number(port), hostname).setEncoding('latin1').setNoDelay();
  const send = () => {
    const [method, path, body = ''] = kinds[job.kind](job);
    counts.sent++;
    const length = body && `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
    socket.write(
      `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${job.authorization}\r\n${length}\r\n${body}`,
    );
  };
  let text = '';
  let left = 0;
  socket.on('connect', send);
  socket.on('data', (piece) => {
    text += piece;
    const head = left === 0 ? text.indexOf('\r\n\r\n') : -1;
    if (left === 0 && head === -1) return;
    const isChunked = /\r\ntransfer-encoding: chunked/i.test(text);
    left ||= head + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
    const isWhole = isChunked ? text.endsWith('0\r\n\r\n') : text.length >= left;
    if (!isWhole) return;
    const status = text.slice(9, 12);
    counts[status] = (counts[status] ?? 0) + 1;
    text = '';
    left = 0;
    if (!isOver) send();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    counts.closed = (counts.closed ?? 0) + 1;
    if (!isOver) setTimeout(() => connect(job, { hostname, port, host }), 100);
  });
}

// The process that started it may have failed.
process.once('disconnect', () => process.exit());
process.once('message', (job) => {
  const began = { ms: performance.now(), cpu: process.cpuUsage() };
  for (let count = 0; count < job.connections; count++) connect(job, new URL(job.baseUrl));
  process.send('begun');
  process.once('message', () => {
    isOver = true;
    const { user, system } = process.cpuUsage(began.cpu);
    process.send({ counts, processors: (user + system) / 1_000 / (performance.now() - began.ms) });
  });
});
