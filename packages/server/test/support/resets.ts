import { untilWaiting, whileAccountIsLocked } from './locks.ts';
import type { TestServer } from './server.ts';
import { linkFor } from './sessions.ts';

/**
 * The answer to a request that an account's reset overtakes: the request has proved its session, and the reset happens
 * before the request locks the account.
 */
export function overtakenByReset<T>(server: TestServer, email: string, send: () => Promise<T>): Promise<T> {
  const { target } = server.db;
  return whileAccountIsLocked(target, email, async () => {
    // Locks of a row are given in the order of the requests for them.
    const reset = linkFor(server, email, 'reset');
    await untilWaiting(target, 1);
    const sent = send();
    await untilWaiting(target, 2);
    return { afterwards: reset.then(() => sent) };
  });
}
