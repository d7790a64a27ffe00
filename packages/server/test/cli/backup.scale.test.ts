import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyIn, expectOneSentence, type Key, logIn, Workspace } from './support.ts';

const execute = promisify(execFile);
const hasAge = await execute('age', ['--version']).then(
  () => true,
  () => false,
);

let work: Workspace;
let source: string[];
let key: Key;
let masterKey: string;
let identity: string;
let recipient: string;
let restores = 0;
beforeAll(async () => {
  work = await Workspace.create();
  source = ['--data-dir', work.path('source')];
  key = await createKeyIn(work, work.path('source'));
  masterKey = (await readFile(work.path('source/master.key'), 'utf8')).trim();
  const secret = await generateIdentity();
  recipient = await identityToRecipient(secret);
  identity = work.path('identity.txt');
  await writeFile(identity, `# made for this test\n${secret}\n`, { mode: 0o600 });
  await writeFile(work.path('passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
  await writeFile(work.path('other.key'), `${Buffer.alloc(32).toString('base64')}\n`, { mode: 0o600 });
});
afterAll(() => work.close());

const passphrase = () => ['--passphrase-file', work.path('passphrase')];

async function backUp(name: string, ...options: string[]): Promise<string> {
  const file = work.path(name);
  expect(await work.json(['backup', file, ...options, ...source])).toMatchObject({ verified: true });
  return file;
}

/** Restores into a new data directory, and expects that the key logs in there. */
async function restoresAndServes(file: string, options: string[], env: Record<string, string> = {}) {
  const into = ['--data-dir', work.path(`restored-${restores++}`)];
  await work.json(['restore', file, ...options, ...into], { env });
  const { server, baseUrl } = await work.start(['serve', ...into], { env });
  expect((await logIn(baseUrl, key)).status).toBe(200);
  await server.stop();
}

/** Expects that a restore is refused, and makes no data directory. */
async function refuses(file: string, options: string[], saying: RegExp) {
  const into = work.path(`refused-${restores++}`);
  expectOneSentence(await work.rollcall(['restore', file, ...options, '--data-dir', into]), saying);
  expect(existsSync(into)).toBe(false);
}

describe('A backup that is not encrypted', () => {
  test('does not hold the master key, and restores only with the right one', async () => {
    const file = await backUp('plain.tar.gz');
    const { stdout } = await execute('sh', ['-c', `gunzip -c ${file} | grep -c -- '${masterKey}' || true`]);
    expect(stdout.trim()).toBe('0');
    await refuses(
      file,
      [],
      /^rollcall: This backup does not hold the master key\. Give the key that its database had/,
    );
    await refuses(
      file,
      ['--master-key-file', work.path('other.key')],
      /^rollcall: The given master key does not open the secrets of the backup; nothing was restored\.\n$/,
    );
    await restoresAndServes(file, [], { ROLLCALL_MASTER_KEY: masterKey });
  });

  test('says that the master key is not in it', async () => {
    const { stdout } = await work.rollcall(['backup', work.path('says.tar.gz'), ...source]);
    expect(stdout).toMatch(
      /read back\. It does not hold the master key: keep that key elsewhere, because a restore needs it\.\n$/,
    );
  });

  test('holds the master key if the operator says so, and then restores without it', async () => {
    const file = await backUp('with-key.tar.gz', '--include-master-key');
    await refuses(
      file,
      ['--master-key-file', work.path('other.key')],
      /^rollcall: The given master key differs from the key in the backup\./,
    );
    await restoresAndServes(file, []);
  });
});

describe('An encrypted backup', () => {
  test('restores with an identity of a recipient, and holds the master key', async () => {
    const file = await backUp('recipient.age', '--recipient', recipient);
    await restoresAndServes(file, ['--identity', identity]);
    await refuses(
      file,
      [],
      /^rollcall: This backup is encrypted to recipients of age; give the identity of one with --identity\.\n$/,
    );
    const other = work.path('other-identity.txt');
    await writeFile(other, await generateIdentity(), { mode: 0o600 });
    await refuses(file, ['--identity', other], /^rollcall: No given identity opens this backup/);
  });

  test('takes recipients from a file, or a passphrase', async () => {
    await writeFile(work.path('recipients.txt'), `# the office\n\n${recipient}\n`);
    const toFile = await backUp('recipients.age', '--recipients-file', work.path('recipients.txt'));
    await restoresAndServes(toFile, ['--identity', identity]);
    const withPassphrase = await backUp('passphrase.age', ...passphrase());
    await restoresAndServes(withPassphrase, passphrase());
  });

  test('is refused if it is cut or damaged', async () => {
    const file = await readFile(await backUp('whole.age', '--recipient', recipient));
    await writeFile(work.path('cut.age'), file.subarray(0, -100));
    await refuses(work.path('cut.age'), ['--identity', identity], /damaged or incomplete/);
    file[file.length - 500] = (file.at(-500) ?? 0) ^ 1;
    await writeFile(work.path('flipped.age'), file);
    await refuses(work.path('flipped.age'), ['--identity', identity], /damaged or incomplete/);
  });

  test('needs recipients or a passphrase that are ones', async () => {
    const into = work.path('none.age');
    await writeFile(work.path('short'), 'short\n', { mode: 0o600 });
    await writeFile(work.path('open'), 'correct horse battery staple\n', { mode: 0o644 });
    for (const [options, saying] of [
      [['--recipient', 'age1nobody'], /^rollcall: Recipient 1 is not a recipient of age/],
      [['--recipient', recipient, ...passphrase()], /either to recipients or with a passphrase/],
      [['--passphrase-file', work.path('short')], /The passphrase has fewer than 16 characters/],
      [['--passphrase-file', work.path('open')], /is open to other users of this machine/],
    ] as const) {
      expectOneSentence(await work.rollcall(['backup', into, ...options, ...source]), saying);
    }
    expect(readdirSync(work.dir).filter((name) => name.startsWith('none.age'))).toEqual([]);
  });

  test.runIf(hasAge)('is a file that the program age opens, and what age encrypts restores', async () => {
    const file = await backUp('for-age.age', '--recipient', recipient);
    await execute('age', ['--decrypt', '--identity', identity, '--output', work.path('by-age.tar.gz'), file]);
    await restoresAndServes(work.path('by-age.tar.gz'), []);
    const again = work.path('again.age');
    await execute('age', [
      '--encrypt',
      '--recipient',
      recipient,
      '--output',
      again,
      work.path('by-age.tar.gz'),
    ]);
    await restoresAndServes(again, ['--identity', identity]);
  });
});

describe('restore --verify', () => {
  test('proves a backup without a database', async () => {
    const file = await backUp('verified.tar.gz');
    const verify = (...options: string[]) =>
      work.rollcall(['restore', '--verify', file, ...options], { env: { HOME: work.dir } });
    const { code, stdout } = await verify();
    expect(stdout).toMatch(
      /is complete and undamaged: \d+ rows of 1 organisations, .* It does not hold the master key: a restore needs that key from elsewhere\.\n$/,
    );
    expect(code).toBe(0);
    await writeFile(work.path('right.key'), `${masterKey}\n`, { mode: 0o600 });
    expect((await verify('--master-key-file', work.path('right.key'))).stdout).toMatch(
      /and the given one is the right one\.\n$/,
    );
    expectOneSentence(
      await verify('--master-key-file', work.path('other.key')),
      /does not open the secrets of the backup/,
    );
    await rm(work.path('right.key'));
    const encrypted = await backUp('verified.age', '--recipient', recipient);
    expect(await work.json(['restore', '--verify', encrypted, '--identity', identity])).toMatchObject({
      organisations: 1,
      masterKey: 'held',
    });
  });

  test('refuses a damaged backup', async () => {
    const file = await readFile(await backUp('to-damage.tar.gz'));
    await writeFile(work.path('damaged.tar.gz'), file.subarray(0, -20));
    expectOneSentence(
      await work.rollcall(['restore', '--verify', work.path('damaged.tar.gz')]),
      /^rollcall: The backup file is incomplete: its end is missing; nothing was restored\.\n$/,
    );
  });
});
