import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type ConnectionOptions, connect } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DATA_SETTINGS, MASTER_KEY_ENV, SERVER_SETTINGS } from '../../src/config.ts';
import { DEMO_SETTINGS } from '../../src/config-demo.ts';
import type { Setting } from '../../src/config-setting.ts';
import { serverPid } from '../embedded/support.ts';
import { createKeyIn, type Key, logIn, processesNaming, type Rollcall, until, Workspace } from './support.ts';

let work: Workspace;
let dataDir: string;
let key: Key;
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = work.path('data');
  key = await createKeyIn(work, dataDir);
});
afterAll(() => work.close());

const WARNING = /Basic secrets and tokens are not encrypted/;

/** The version and the suite of a TLS connection. */
function suiteOf(options: ConnectionOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: 'localhost', servername: 'localhost', ...options }, () => {
      resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('Beyond loopback', () => {
  test('without TLS and without a trusted proxy, serve warns that secrets are not encrypted', async () => {
    const { server, baseUrl } = await work.start(['serve', '--data-dir', dataDir, '--host', '0.0.0.0']);
    expect(baseUrl).toMatch(/^http:\/\/localhost:\d+$/);
    expect((await fetch(`${baseUrl}/readyz`)).status).toBe(200);
    const { stderr } = await server.stop();
    expect(stderr).toMatch(WARNING);
  });

  test('with a certificate, serve uses https and does not warn', async () => {
    const [certFile, keyFile] = [work.path('cert.pem'), work.path('key.pem')];
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', keyFile, '-out', certFile],
    ]);
    const { server, baseUrl } = await work.start(['serve', '--data-dir', dataDir, '--host', '0.0.0.0'], {
      env: { ROLLCALL_TLS_CERT: certFile, ROLLCALL_TLS_KEY: keyFile },
    });
    expect(baseUrl).toMatch(/^https:\/\/localhost:\d+$/);
    const ca = await readFile(certFile);
    const status = await new Promise((resolve, reject) => {
      httpsRequest(`${baseUrl}/readyz`, { ca }, (reply) => resolve(reply.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
    const { port } = new URL(baseUrl);
    const suite = (options: ConnectionOptions) => suiteOf({ port: Number(port), ca, ...options });
    expect(await suite({})).toMatch(/^TLSv1\.3 /);
    expect(await suite({ maxVersion: 'TLSv1.2' })).toMatch(/^TLSv1\.2 ECDHE-ECDSA-.*(GCM|POLY1305)/);
    for (const weak of [
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' },
    ] as ConnectionOptions[]) {
      await expect(suite(weak)).rejects.toThrow(/alert|handshake|version/i);
    }
    expect((await server.stop()).stderr).not.toMatch(WARNING);
  });

  test('a database on another machine without TLS, or without a verified certificate, is named in a warning', async () => {
    const stderrOf = async (query: string) => {
      const url = `postgres://rollcall@db.invalid/rollcall${query}`;
      const env = { [MASTER_KEY_ENV]: Buffer.alloc(32).toString('base64') };
      return (await work.rollcall(['serve', '--database-url', url], { env })).stderr;
    };
    const warning = /the database on db\.invalid may not be encrypted.*sslmode=verify-full/;
    expect(await stderrOf('')).toMatch(warning);
    expect(await stderrOf('?sslmode=no-verify')).toMatch(warning);
    expect(await stderrOf('?uselibpqcompat=true&sslmode=require')).toMatch(warning);
    expect(await stderrOf('?sslmode=verify-full')).not.toMatch(warning);
    expect(await stderrOf('?ssl=true')).not.toMatch(warning);
  });

  test('behind a trusted proxy, serve does not warn, and reports the public URL as its address', async () => {
    const { server, baseUrl } = await work.start([
      ...['serve', '--data-dir', dataDir, '--host', '0.0.0.0'],
      ...['--trust-proxy', '10.0.0.0/8,127.0.0.1', '--public-url', 'https://presence.example/base/'],
    ]);
    expect(baseUrl).toBe('https://presence.example/base');
    const port = await portOf(server);
    const { token } = await logIn(`http://127.0.0.1:${port}`, key);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ iss: baseUrl, aud: baseUrl });
    expect((await server.stop()).stderr).not.toMatch(WARNING);
  });
});

describe('Settings', () => {
  test('variables of the environment replace flags, flags have precedence, and an empty variable counts as not set', async () => {
    const server = work.spawn(['serve', '--host', '127.0.0.2'], {
      env: {
        PORT: '0',
        HOST: '127.0.0.3',
        DATABASE_URL: '',
        ROLLCALL_DATA_DIR: dataDir,
        ROLLCALL_TOKEN_LIFE_S: '120',
        ROLLCALL_CLOCK_SKEW_S: '',
        ROLLCALL_LOG_LEVEL: 'silent',
        ROLLCALL_TLS_CERT: '',
        ROLLCALL_MASTER_KEY: '',
        ROLLCALL_MASTER_KEY_FILE: '',
      },
    });
    const baseUrl = await server.baseUrl();
    expect(baseUrl).toMatch(/^http:\/\/127\.0\.0\.2:(?!8080$)\d+$/);
    const { body } = await logIn(baseUrl, key);
    const lifeS = (JSON.parse(body) as { expiration: number }).expiration - Date.now() / 1000;
    expect(lifeS).toBeGreaterThan(60);
    expect(lifeS).toBeLessThan(121);
    expect((await server.stop()).stdout).toBe('');
  });

  test.each([
    ['demo', { ...DATA_SETTINGS, ...SERVER_SETTINGS, ...DEMO_SETTINGS }],
    ['keys list', DATA_SETTINGS],
  ] as [string, Record<string, Setting>][])(
    '%s --help shows every setting with its environment variable',
    async (command, settings) => {
      const { code, stdout } = await work.rollcall([...command.split(' '), '--help']);
      expect(code).toBe(0);
      const unwrapped = stdout.replace(/\s+/g, ' ');
      for (const { flags, env } of Object.values(settings)) {
        expect(unwrapped).toContain(flags);
        expect(unwrapped).toMatch(new RegExp(`env: ${env}\\b`));
      }
      expect(unwrapped).toContain(`are --master-key-command, ${MASTER_KEY_ENV} and`);
    },
  );
});

describe('Stopping', () => {
  test.each([
    ['SIGTERM', (server: Rollcall) => server.signal('SIGTERM')],
    [
      'Ctrl-C that npm passes on a second time',
      (server: Rollcall) => {
        server.signalGroup('SIGINT');
        server.signalGroup('SIGINT');
      },
    ],
  ])('on %s a request in flight is completed, and then everything ends at once', async (name, stop) => {
    const args = ['serve', '--data-dir', dataDir, '--shutdown-timeout-s', '100'];
    const { server, baseUrl } = await work.start(args);
    const { token } = await logIn(baseUrl, key);
    const upload = await beginUpload(baseUrl, token, {
      sourceId: 'slow reader',
      presenceEvents: [
        {
          eventId: name,
          timestamp: new Date().toISOString(),
          locationId: '00000000-0000-4000-8000-000000000001',
          locationType: 'location',
          userEmail: 'nobody@example.com',
        },
      ],
    });
    stop(server);
    await until(() => server.stderr.includes('Stopping'));
    upload.finish();
    const finishedMs = performance.now();
    expect(await upload.reply).toMatchObject({
      status: 200,
      body: { results: [{ eventId: name, resultCode: 1 }] },
    });
    expect(await server.exited).toMatchObject({ code: 0 });
    expect(processesNaming(work.dir)).toEqual([]);
    // Half of the keep-alive time of a connection, and a third of the shutdown timeout.
    expect(performance.now() - finishedMs).toBeLessThan(36_000);
  });

  test('an interrupted command leaves no database server behind', async () => {
    const command = work.spawn(['orgs', 'create', 'one', '--data-dir', work.path('new')]);
    await until(() => serverPid(work.path('new/postgres')).catch(() => undefined));
    command.signalGroup('SIGINT');
    expect(await command.exited).toMatchObject({ code: 130, stdout: '' });
    expect(processesNaming(work.path('new'))).toEqual([]);
  });

  test('a request that does not finish is cut off after the shutdown timeout', async () => {
    const { server, baseUrl } = await work.start([
      'serve',
      '--data-dir',
      dataDir,
      '--shutdown-timeout-s',
      '0',
    ]);
    const { token } = await logIn(baseUrl, key);
    const upload = await beginUpload(baseUrl, token, { sourceId: 'never finished', presenceEvents: [] });
    upload.reply.catch(() => undefined);
    await server.stop();
    await expect(upload.reply).rejects.toThrow();
    expect(processesNaming(work.dir)).toEqual([]);
  });
});

test('invalid TLS files are named in one sentence', async () => {
  await writeFile(work.path('nonsense.pem'), 'nonsense\n');
  const { code, stderr } = await work.rollcall([
    ...['serve', '--data-dir', dataDir, '--port', '0'],
    ...['--tls-cert', work.path('nonsense.pem'), '--tls-key', work.path('nonsense.pem')],
  ]);
  expect(stderr).toMatch(/^rollcall: .*nonsense\.pem.*\.\n$/);
  expect(code).toBe(1);
});

/** The port of a server that prints only its public URL. */
async function portOf(server: Rollcall): Promise<string> {
  const found = () => /"msg":"listening on [^"]*:(\d+)"/.exec(server.stdout)?.[1];
  await until(found);
  return found() ?? '';
}

/** Sends the first half of a body after the server has read the headers. */
async function beginUpload(baseUrl: string, token: string, content: object) {
  const body = JSON.stringify(content);
  const half = Math.floor(body.length / 2);
  const request = httpRequest(`${baseUrl}/v1/presence`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': body.length,
      expect: '100-continue',
    },
  });
  const reply = new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    request.once('error', reject).once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
    });
  });
  const mayContinue = new Promise((resolve) => {
    request.once('continue', resolve);
  });
  request.flushHeaders();
  await Promise.race([mayContinue, reply]);
  request.write(body.slice(0, half));
  return { reply, finish: () => request.end(body.slice(half)) };
}
