// A process that joins an embedded server as its argument says. It reports lines of JSON, and obeys lines on stdin.
import { createInterface } from 'node:readline';
import pg from 'pg';
import { joinEmbedded } from '../../dist/embedded/index.js';

const { around, umask, rounds = 0, ...options } = JSON.parse(process.argv[2] ?? '{}');
if (umask !== undefined) process.umask(umask);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const log = (message) => say({ event: 'log', message });

try {
  for (let round = 0; round < rounds; round++) {
    const server = await joinEmbedded({ purpose: 'command', name: 'test', log, ...options }, around);
    const client = new pg.Client(server.target);
    await client.connect();
    await client.query('INSERT INTO rounds VALUES ($1, $2)', [process.pid, round]);
    await client.end();
    await server.release();
  }
  const beganMs = performance.now();
  const server = await joinEmbedded({ purpose: 'command', name: 'test', log, ...options }, around);
  say({
    event: 'joined',
    created: server.created,
    target: server.target,
    tookMs: performance.now() - beganMs,
  });
  const input = createInterface({ input: process.stdin });
  for await (const line of input) {
    if (line === 'release') break;
    const client = new pg.Client(server.target);
    await client.connect();
    const { rows } = await client.query(line);
    await client.end();
    say({ event: 'rows', rows });
  }
  await server.release();
  process.stdin.destroy();
  say({ event: 'released' });
} catch (error) {
  say({ event: 'failed', name: error.name, message: error.message });
}
