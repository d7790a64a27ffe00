import { randomUUID } from 'node:crypto';
import net from 'node:net';

/*
 * Sends wrong credentials, in a separate process. It receives `{ kind, baseUrl, apiKey, connections, perSecond }` and
 * answers that it has begun. It continues until it is told to stop, and then answers with its counts. It writes bytes
 * itself, because an HTTP client would use as much processor time as the server.
 */

const TICK_MS = 10;
const BASIC_PATH = '/v1/analytics/users/basic';

const kinds = {
  /** An id of no key. */
  strangers: () => [BASIC_PATH, basic(randomUUID())],
  /** An id of a key, and a wrong secret. */
  guesses: ({ apiKey }) => [BASIC_PATH, basic(apiKey)],
  /** An unknown SCIM token. */
  scim: () => ['/scim/v2/Users', `Bearer rcs_${randomUUID()}`],
};

const counts = { sent: 0, late: 0, reconnected: 0 };
const basic = (apiKey) => `Basic ${Buffer.from(`${apiKey}:${randomUUID()}`).toString('base64')}`;

/** A connection that is open, with no more than one request on it. */
function connect({ hostname, port }) {
  const connection = { socket: undefined, isFree: false };
  const open = () => {
    const socket = net.connect(Number(port), hostname, () => {
      connection.isFree = true;
    });
    connection.socket = socket.setEncoding('latin1');
    socket.on('data', (text) => {
      // The head and the body may come apart.
      const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
      if (status === undefined) return;
      counts[status] = (counts[status] ?? 0) + 1;
      connection.isFree = true;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      connection.isFree = false;
      counts.reconnected++;
      setTimeout(open, 100);
    });
  };
  open();
  return connection;
}

function send({ socket }, job, host) {
  const [path, authorization] = kinds[job.kind](job);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${authorization}\r\n\r\n`);
}

// The process that started it may have failed.
process.once('disconnect', () => process.exit());
process.once('message', (job) => {
  const url = new URL(job.baseUrl);
  const connections = Array.from({ length: job.connections }, () => connect(url));
  const beganCpu = process.cpuUsage();
  const beganMs = performance.now();
  let next = 0;
  let due = 0;
  let lastMs = beganMs;
  setInterval(() => {
    const nowMs = performance.now();
    due += ((nowMs - lastMs) / 1_000) * job.perSecond;
    lastMs = nowMs;
    for (let tried = 0; due >= 1 && tried < connections.length; tried++) {
      next = (next + 1) % connections.length;
      const connection = connections[next];
      if (!connection.isFree) continue;
      connection.isFree = false;
      due--;
      counts.sent++;
      send(connection, job, url.host);
    }
    // It does not catch up on requests for which no connection was free.
    counts.late += Math.floor(due);
    due %= 1;
  }, TICK_MS);
  process.send('begun');
  process.once('message', () => {
    const { user, system } = process.cpuUsage(beganCpu);
    const elapsedMs = performance.now() - beganMs;
    counts.perSecond = Math.round((counts.sent / elapsedMs) * 1_000);
    process.send({ counts, processors: (user + system) / 1_000 / elapsedMs }, () => process.exit());
  });
});
