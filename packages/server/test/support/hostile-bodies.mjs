import http from 'node:http';

/*
 * Sends bodies that keep a server busy, in a separate process. It receives `{ kind, baseUrl, authorization }` and
 * answers that it has begun. It continues until it is told to stop, and then answers with its counts.
 */

const MIB = 1024 * 1024;
const counts = { sent: 0 };
const agents = [];
let isOver = false;

/** One connection that announces `length` bytes and sends `first`; a new one follows when it is answered or ended. */
function hold({ baseUrl, path, authorization, length, first }) {
  if (isOver) return;
  counts.sent++;
  const request = http.request(`${baseUrl}${path}`, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      'content-length': length,
      ...(authorization && { authorization }),
    },
  });
  agents.push(request);
  let isOnce = false;
  const again = (outcome) => {
    if (isOnce) return;
    isOnce = true;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    request.destroy();
    // A pause, because immediate repeats would themselves be a load.
    setTimeout(() => hold({ baseUrl, path, authorization, length, first }), 100);
  };
  request.on('response', (response) => {
    response.resume();
    response.once('end', () => again(response.statusCode)).once('error', () => again('broken'));
  });
  request.on('error', (error) => again(error.code));
  request.write(first);
}

const ATTRIBUTES = '/v1/directory-management/user-attributes/basic';
const kinds = {
  /** 17 connections that announce 1 MiB and send one byte each. */
  announced: (job) => {
    for (let turn = 0; turn < 17; turn++)
      hold({ ...job, path: '/v1/presence/basic', length: MIB, first: '{' });
  },
  /** The same to the route of visitor arrivals, which takes Bearer tokens only. */
  visitors: (job) => {
    for (let turn = 0; turn < 17; turn++)
      hold({ ...job, path: '/v1/visitor-arrival', length: MIB, first: '{' });
  },
  /** 16 MiB of `[[[…`, again and again, on four connections. */
  nested: (job) => {
    const first = Buffer.alloc(16 * MIB, '[');
    for (let turn = 0; turn < 4; turn++) hold({ ...job, path: ATTRIBUTES, length: first.length, first });
  },
  /** 40 bodies of 16 MiB, of which half is sent. */
  halves: (job) => {
    const first = Buffer.alloc(8 * MIB, ' ');
    for (let turn = 0; turn < 40; turn++) hold({ ...job, path: ATTRIBUTES, length: 16 * MIB, first });
  },
  /** Logins that announce 4 KiB and send one byte each. */
  logins: ({ baseUrl }) => {
    for (let turn = 0; turn < 200; turn++) hold({ baseUrl, path: '/v1/auth', length: 4_000, first: '{' });
  },
};

// The process that started it may have failed.
process.once('disconnect', () => process.exit());
process.once('message', (job) => {
  const began = { ms: performance.now(), cpu: process.cpuUsage() };
  kinds[job.kind](job);
  process.send('begun');
  process.once('message', () => {
    isOver = true;
    const { user, system } = process.cpuUsage(began.cpu);
    for (const request of agents) request.destroy();
    process.send({ counts, processors: (user + system) / 1_000 / (performance.now() - began.ms) });
  });
});
