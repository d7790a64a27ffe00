import { afterAll, beforeAll, expect, test } from 'vitest';
import { until, Workspace } from './support.ts';

let work: Workspace;
beforeAll(async () => {
  work = await Workspace.create();
});
afterAll(() => work.close());

const LINK = /http:\/\/localhost:(\d+)\/console\/set-up#token=([\w-]{43})/;
const TOLD = /There is no organisation yet/;

test('serve prints a new link at each start, until one has set Rollcall up', async () => {
  const args = ['serve', '--data-dir', work.path('data')];
  const linkOf = async (more: string[] = []) => {
    const { server, baseUrl } = await work.start([...args, ...more]);
    await until(() => LINK.test(server.stderr));
    const [, port, token = ''] = LINK.exec(server.stderr) ?? [];
    expect(port).toBe(new URL(baseUrl).port);
    return { server, baseUrl, token };
  };
  const first = await linkOf();
  const { stdout } = await first.server.stop();
  expect(stdout).not.toContain(first.token);
  const second = await linkOf(['--workers', '2']);
  expect(second.token).not.toBe(first.token);
  const reply = await fetch(`${second.baseUrl}/v1/set-up`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      token: second.token,
      organisationName: 'Acme',
      timeZone: 'Europe/London',
      email: 'ada@example.com',
      password: 'correct horse battery staple',
    }),
  });
  expect([reply.status, await reply.json()]).toMatchObject([
    200,
    { organisations: [{ organisation: 'acme' }] },
  ]);
  await second.server.stop();
  const third = await work.start(args);
  await until(async () => (await fetch(`${third.baseUrl}/readyz`)).status === 200);
  const { stderr } = await third.server.stop();
  expect(stderr).not.toMatch(TOLD);
});
