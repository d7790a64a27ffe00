import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Submitting } from './submit-support.ts';
import { CLOSED_PORT, expectOneSentence } from './support.ts';

const setup = Submitting.forEachTest();
const SECRET = { env: { ROLLCALL_SECRET: 'secret' } };

let dir: string;
let file: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rollcall-reach-'));
  file = join(dir, 'door.csv');
  const { placeId } = setup.site.office;
  await writeFile(
    file,
    `timestamp,locationId,locationType,userEmail\n2026-03-02T09:00:00Z,${placeId},place,${setup.site.user.email}\n`,
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** The port of a server that accepts connections and passes each one to `onConnection`. */
async function listening(onConnection: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer(onConnection);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as net.AddressInfo).port;
}

const commands: [string, () => string[]][] = [
  ['submit', () => ['submit', 'presence', file]],
  ['export', () => ['export', 'users', '--into', join(dir, 'export')]],
];

describe.each(commands)('%s', (_, args) => {
  const run = (baseUrl: string, ...more: string[]) =>
    setup.work.rollcall([...args(), '--base-url', baseUrl, '--key', 'k', ...more], SECRET);

  test('reports a refused connection while it tries again, and ends with one sentence', async () => {
    const baseUrl = `http://127.0.0.1:${CLOSED_PORT}`;
    const outcome = await run(baseUrl, '--max-wait', '3');
    expect(outcome.stderr).toMatch(new RegExp(`^cannot reach ${baseUrl}, trying again .*ECONNREFUSED`, 'm'));
    expectOneSentence(outcome, new RegExp(`^rollcall: cannot reach ${baseUrl}: .*ECONNREFUSED`, 'm'));
  });

  test('ends with one sentence if the name has no address', async () => {
    const outcome = await run('http://rollcall.invalid', '--max-wait', '1');
    expectOneSentence(outcome, /^rollcall: cannot reach http:\/\/rollcall\.invalid: /m);
  });

  test('ends at once if the other side does not speak TLS, because a retry does not help', async () => {
    const port = await listening((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    const outcome = await run(`https://127.0.0.1:${port}`, '--max-wait', '600');
    expectOneSentence(outcome, /^rollcall: cannot reach https:/m);
  });

  test('ends after the wait if a connection is accepted and nothing answers', async () => {
    const port = await listening((socket) => socket.on('error', () => undefined));
    const outcome = await run(`http://127.0.0.1:${port}`, '--max-wait', '2');
    expect(outcome.stderr).toMatch(/^cannot reach .*, trying again \(no answer yet\)/m);
    expectOneSentence(outcome, /^rollcall: cannot reach .*there is no answer/m);
  });
});

test('the command waits for a server that is away for a moment', async () => {
  setup.proxy.fate = () => (setup.proxy.seen.length <= 4 ? 'refuse' : 'pass');
  const outcome = await setup.submit('presence', file);
  expect(outcome).toMatchObject({ code: 0, stdout: '1 new, 0 there already, 0 refused.\n' });
  expect(outcome.stderr).toContain(`cannot reach ${setup.proxy.baseUrl}, trying again`);
  // The submission leaves no file behind.
  expect((await readdir(dir)).filter((name) => name !== 'export')).toEqual(['door.csv']);
});

test('an error of a reachable server is reported, and the command gives up after the wait', async () => {
  setup.proxy.fate = () => ({ status: 503 });
  // The pauses between tries have random lengths. A short wait may end before the command says anything.
  const outcome = await setup.submit('presence', file, '--max-wait', '8');
  expectOneSentence(outcome, /^rollcall: cannot use http:.*503/m);
  expect(outcome.stderr).toMatch(/^cannot use .*, trying again/m);
});
