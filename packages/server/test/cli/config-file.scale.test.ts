import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { until, Workspace, workersOf } from './support.ts';
import { urlOf } from './url-support.ts';

let work: Workspace;
let file: string;
beforeAll(async () => {
  work = await Workspace.create();
  file = work.path('rollcall.yaml');
});
afterAll(() => work.close());

const write = (text: string) => writeFile(file, text, { mode: 0o600 });

test('rollcall serve takes its settings from the file, with several workers, too', async () => {
  const db = await createTestDatabase();
  try {
    await writeFile(work.path('key'), `${Buffer.alloc(32, 1).toString('base64')}\n`, { mode: 0o600 });
    await write(
      `database-url: ${urlOf(db.target)}\nmaster-key-file: ${work.path('key')}\nport: 0\nworkers: 2\nlog-level: silent\n`,
    );
    const server = work.spawn(['serve', '--config', file]);
    const baseUrl = await server.baseUrl();
    expect(baseUrl).not.toContain('8080');
    expect((await fetch(`${baseUrl}/readyz`)).status).toBe(200);
    // What changes in the file counts from the next start of the server, for a worker that is replaced, too.
    await write('prot: 1\n');
    const [killed = 0, ...others] = workersOf(server.pid);
    process.kill(killed, 'SIGKILL');
    await until(() => workersOf(server.pid).some((pid) => pid !== killed && !others.includes(pid)));
    for (const pid of others) process.kill(pid, 'SIGKILL');
    // A request that a worker had when it was killed has no answer.
    const ask = () => fetch(`${baseUrl}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await until(async () => (await ask().catch(() => undefined))?.status === 200);
    await server.stop();
  } finally {
    await db.drop();
  }
});
