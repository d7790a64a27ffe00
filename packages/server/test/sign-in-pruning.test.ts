import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { TASKS } from '../src/jobs/tasks.ts';
import { startTestServer } from './support/server.ts';
import { addAccount, browserWithRole, linkFor, signIn } from './support/sessions.ts';

test('the job deletes what is over, and nothing else', async () => {
  const server = await startTestServer();
  onTestFinished(() => server.close());
  const tenantId = await server.organisation();
  const browser = await browserWithRole(server, tenantId, 'administrator');
  await addAccount(server, tenantId, 'another@example.com', 'viewer');
  await linkFor(server, 'another@example.com');
  await signIn(server, { email: 'another@example.com', password: 'wrong' });
  const prune = async () => {
    const log = pino({ level: 'silent' });
    const { signal } = new AbortController();
    await TASKS.find(({ name }) => name === 'sign-ins')?.run({
      database: server.db.restricted,
      target: server.db.target,
      clock: server.clock.read,
      log,
      signal,
    });
    const { rows } = await server.db.owner.inSystem((tx) =>
      tx.query(`SELECT (SELECT count(*) FROM sessions) AS sessions, (SELECT count(*) FROM sign_in_links) AS links,
                       (SELECT count(*) FROM sign_in_networks) AS networks,
                       (SELECT count(*) FROM sign_in_failures) AS failures`),
    );
    return rows[0];
  };
  expect(await prune()).toEqual({ sessions: 1, links: 2, networks: 1, failures: 2 });
  server.clock.advanceS(3_600);
  expect(await prune()).toEqual({ sessions: 1, links: 0, networks: 1, failures: 0 });
  expect((await server.app.inject({ url: '/v1/session', headers: browser })).statusCode).toBe(200);
  server.clock.advanceS(13 * 3_600);
  expect(await prune()).toEqual({ sessions: 0, links: 0, networks: 1, failures: 0 });
  server.clock.advanceS(31 * 86_400);
  expect(await prune()).toEqual({ sessions: 0, links: 0, networks: 0, failures: 0 });
});
