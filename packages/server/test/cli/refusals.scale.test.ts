import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { query } from '../embedded/support.ts';
import {
  CLOSED_PORT,
  expectOneSentence,
  type Outcome,
  processesNaming,
  type Rollcall,
  superuserOf,
  Workspace,
} from './support.ts';

let work: Workspace;
let server: Rollcall;
let baseUrl: string;
/** Accepts connections, and never answers. */
let silent: Server;
let dataDir: string[];
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = ['--data-dir', work.path('data')];
  ({ server, baseUrl } = await work.start(['serve', ...dataDir]));
  silent = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
});
afterAll(async () => {
  silent.close();
  await work.close();
});

const MASTER_KEY = { ROLLCALL_MASTER_KEY: randomBytes(32).toString('base64') };
const portOf = (listener: Server): number => (listener.address() as AddressInfo).port;

/** Runs commands side by side, and expects the sentence beside each one. */
async function expectRefusals(
  ...cases: [args: string[], saying: RegExp, env?: Record<string, string>][]
): Promise<void> {
  const outcomes = await Promise.all(cases.map(([args, , env = {}]) => work.rollcall(args, { env })));
  for (const [index, [, saying]] of cases.entries()) {
    expectOneSentence(outcomes[index] as Outcome, saying);
  }
}

describe('One plain sentence, and no stack, for', () => {
  test('unknown flags and values out of range', async () => {
    await expectRefusals(
      [['serve', '--bogus'], /^error: unknown option '--bogus'\n/],
      [['serve', '--port', '99999'], /'99999' is invalid\. It must be a whole number from 0 to 65535\.\n/],
      [['serve', ...dataDir, '--trust-proxy', 'my-proxy'], /'my-proxy' is invalid\. It must be true, or IP /],
      [['serve', '--data-dir', ''], /'' is invalid\. It must not be empty\.\n/],
      [['serve'], /value '0' from env 'ROLLCALL_TOKEN_LIFE_S' is invalid\. /, { ROLLCALL_TOKEN_LIFE_S: '0' }],
      [['bogus'], /^error: unknown command 'bogus'\n/],
    );
  });

  test('unreadable files, and an invalid data directory', async () => {
    const file = work.path('file');
    await writeFile(file, 'not a key', { mode: 0o600 });
    const there = ['--data-dir', work.path('other')];
    await expectRefusals(
      [['serve', ...there, '--tls-cert', file], /^rollcall: TLS needs both --tls-cert and --tls-key\.\n$/],
      [
        ['serve', ...there, '--tls-cert', file, '--tls-key', '/nowhere'],
        /^rollcall: .*\/nowhere .*\(ENOENT\)\.\n$/,
      ],
      [
        ['keys', 'list', ...dataDir, '--master-key-file', '/nowhere'],
        /^rollcall: .*\/nowhere .*\(ENOENT\)\.\n$/,
      ],
      [
        ['keys', 'list', ...dataDir, '--master-key-file', file],
        /^rollcall: The master key must be 32 bytes, in base64\.\n$/,
      ],
      [
        ['serve', '--data-dir', file],
        /^rollcall: The data directory \S+ is a file; choose another path\.\n$/,
      ],
      [
        ['serve', '--data-dir', `${file}/data`],
        /^rollcall: The data directory \S+ cannot be used: .* is a file, not a directory.*\.\n$/,
      ],
    );
  });

  test('a directory in use, another master key, a port in use', async () => {
    const { port } = new URL(baseUrl);
    const [served, wrongKey, portInUse] = await Promise.all([
      work.rollcall(['serve', ...dataDir, '--port', '0']),
      work.rollcall(['keys', 'list', ...dataDir], { env: MASTER_KEY }),
      work.rollcall(['serve', '--data-dir', work.path('second'), '--port', port, '--log-level', 'silent']),
    ]);
    expectOneSentence(served, /^rollcall: Another Rollcall process is serving the data directory .*\.\n$/);
    expectOneSentence(
      wrongKey,
      /^rollcall: There are different master keys in ROLLCALL_MASTER_KEY and \S+master\.key; .*\.\n$/,
    );
    expectOneSentence(portInUse, /^rollcall: Port \d+ is in use; choose another with --port\.\n$/m);
    expect(processesNaming(work.path('second'))).toEqual([]);
    expect((await fetch(`${baseUrl}/readyz`)).status).toBe(200);
  });

  test('a database that does not exist, does not answer, or has no master key', async () => {
    const url = (port: number) => `postgres://postgres@127.0.0.1:${port}/postgres`;
    const withCertificate = `${url(CLOSED_PORT)}?sslmode=verify-full&sslrootcert=/nowhere.pem`;
    await expectRefusals(
      [
        ['serve', '--database-url', url(CLOSED_PORT)],
        /^rollcall: A database URL needs a master key: .*\.\n$/,
      ],
      [
        ['serve', '--database-url', url(CLOSED_PORT)],
        /^rollcall: The database at 127\.0\.0\.1:\d+ .*ECONNREFUSED.*\.\n$/,
        MASTER_KEY,
      ],
      [
        ['serve', '--database-url', url(portOf(silent))],
        /^rollcall: The database at 127\.0\.0\.1:\d+ .*timeout.*\.\n$/,
        MASTER_KEY,
      ],
      [
        ['serve', '--database-url', withCertificate],
        /^rollcall: The database URL cannot be used: .*\/nowhere\.pem.*\.\n$/,
        MASTER_KEY,
      ],
      [
        ['serve', '--database-url', 'mysql://db'],
        /^rollcall: The value of --database-url or DATABASE_URL is invalid\. It must be a URL that begins with postgres:\/\/\.\n$/,
      ],
    );
  });

  test('a schema of a newer release', async () => {
    const superuser = await superuserOf(work.path('data'));
    await query(superuser, "INSERT INTO rollcall.migrations (name, run_on) VALUES ('9999_future', now())");
    await server.stop();
    await expectRefusals(
      [
        ['keys', 'list', ...dataDir],
        /^rollcall: This database was written by a newer Rollcall \(it has migration 9999_future\); .*\.\n$/,
      ],
      [
        ['serve', ...dataDir, '--port', '0', '--log-level', 'silent'],
        /^rollcall: This database was written by a newer Rollcall .*\.\n$/,
      ],
    );
    expect(processesNaming(work.path('data'))).toEqual([]);
  });
});
