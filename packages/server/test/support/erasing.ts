import pino from 'pino';
import { erasePeople } from '../../src/privacy/erase-people.ts';
import type { TestServer } from './server.ts';

/** Runs the job once, to its end or until `signal` is aborted. */
export function runErasures(
  server: TestServer,
  {
    signal = new AbortController().signal,
    onProgress,
  }: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<void> {
  return erasePeople({
    database: server.db.owner,
    clock: server.clock.read,
    log: pino({ level: 'silent' }),
    signal,
    ...(onProgress ? { onProgress } : {}),
  });
}
