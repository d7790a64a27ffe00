import { gunzipSync, gzipSync } from 'node:zlib';
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBack } from '../src/store/backup/backup.ts';
import { verifyBackup } from '../src/store/backup/contents.ts';
import { type DecryptWith, encryptionTo } from '../src/store/backup/encryption.ts';
import { RestoreError } from '../src/store/backup/errors.ts';
import { checkBackup, restore } from '../src/store/backup/restore.ts';
import type { DatabaseTarget } from '../src/store/connections/db.ts';
import {
  backupToBuffer,
  createEmptyDatabase,
  fillEveryTable,
  MASTER_KEY,
  opening,
  readAll,
  state,
} from './support/backup.ts';
import { carried } from './support/backup-round-trip.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

const PASSPHRASE = 'correct horse battery staple';

let source: TestDatabase;
let empty: DatabaseTarget;
let identity: string;
let recipient: string;
let file: Buffer;
const drops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  source = await createTestDatabase();
  await fillEveryTable(source.target);
  empty = await emptyDatabase();
  identity = await generateIdentity();
  recipient = await identityToRecipient(identity);
  ({ file } = await encryptedTo(recipient));
});
afterAll(() => Promise.all([source.drop(), ...drops.map((drop) => drop())]));

async function emptyDatabase(): Promise<DatabaseTarget> {
  const { target, drop } = await createEmptyDatabase();
  drops.push(drop);
  return target;
}

const encryptedTo = (...recipients: string[]) =>
  backupToBuffer(source.target, { encryption: encryptionTo({ recipients }) });

/** Expects that the file is refused with this message, and that the database stays as it is. */
async function expectRefusal(
  bytes: Buffer,
  decryptWith: DecryptWith | undefined,
  saying: RegExp,
): Promise<void> {
  const restored = restore({ target: empty, input: opening(bytes), decryptWith });
  const error = await restored.then(
    () => expect.fail('was not refused'),
    (reason: Error) => reason,
  );
  expect(error).toBeInstanceOf(RestoreError);
  expect(error.message).toMatch(saying);
  expect(await state(empty)).toBe('nothing');
}

test('a backup that is encrypted to two recipients restores with the identity of either, with its master key', async () => {
  const other = await generateIdentity();
  const { file: toTwo } = await encryptedTo(recipient, await identityToRecipient(other));
  expect(toTwo.subarray(0, 22).toString()).toBe('age-encryption.org/v1\n');
  for (const each of [identity, other]) {
    const target = await emptyDatabase();
    const decryptWith = { identities: [await generateIdentity(), each] };
    expect((await checkBackup(opening(toTwo)(), decryptWith)).masterKeys).toEqual([MASTER_KEY]);
    await restore({ target, input: opening(toTwo), decryptWith });
    expect(await readAll(target)).toEqual(carried(await readAll(source.target)));
  }
});

test('a backup that is encrypted with a passphrase restores with it, and with no other', async () => {
  const encryption = encryptionTo({ passphrase: PASSPHRASE });
  const { file: encrypted, summary } = await backupToBuffer(source.target, { encryption });
  await readBack(opening(encrypted)(), summary, encryption);
  const target = await emptyDatabase();
  await restore({ target, input: opening(encrypted), decryptWith: { passphrase: PASSPHRASE } });
  expect(await readAll(target)).toEqual(carried(await readAll(source.target)));
  await expectRefusal(
    encrypted,
    { passphrase: 'another one' },
    /^The given passphrase does not open this backup/,
  );
  await expectRefusal(encrypted, { identities: [identity] }, /encrypted with a passphrase; give it with/);
  await expectRefusal(encrypted, undefined, /encrypted with a passphrase; give it with/);
});

test('the file is an ordinary age file around the same archive, and nothing in it is in clear', async () => {
  const plain = await backupToBuffer(source.target);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  expect(gunzipSync(await decrypter.decrypt(file)).equals(gunzipSync(plain.file))).toBe(true);
  expect(file.includes('manifest.json')).toBe(false);
  // The header has one stanza: the key that the backup keeps to read itself back leaves no trace.
  expect(file.subarray(0, 400).toString('latin1').match(/^-> /gm)).toHaveLength(1);
});

test('a backup reads itself back without any identity', async () => {
  const encryption = encryptionTo({ recipients: [recipient] });
  const { file: encrypted, summary } = await backupToBuffer(source.target, { encryption });
  const rows: number[] = [];
  await readBack(opening(encrypted)(), summary, { ...encryption, onProgress: (done) => rows.push(done) });
  expect(rows.at(-1)).toBe(summary.rows);
  const other = encryptionTo({ recipients: [recipient] });
  await backupToBuffer(source.target, { encryption: other });
  await expect(readBack(opening(encrypted)(), summary, other)).rejects.toThrow(/does not read back/);
});

test('another identity, or none, is refused', async () => {
  await expectRefusal(
    file,
    { identities: [await generateIdentity()] },
    /^No given identity opens this backup/,
  );
  await expectRefusal(
    file,
    undefined,
    /encrypted to recipients of age; give the identity of one with --identity/,
  );
  await expectRefusal(file, { passphrase: PASSPHRASE }, /encrypted to recipients of age/);
});

test('an identity for a file that is not encrypted is refused, so that nobody can replace an encrypted file by another', async () => {
  const { file: plain } = await backupToBuffer(source.target);
  await expectRefusal(plain, { identities: [identity] }, /^This file is not an encrypted backup/);
  await expectRefusal(gzipSync('x'), { passphrase: PASSPHRASE }, /^This file is not an encrypted backup/);
});

test('a file that is cut anywhere, or has one other bit anywhere, is refused', async () => {
  const decryptWith = { identities: [identity] };
  const header = file.indexOf('\n---') + 50;
  const places = [22, 30, 100, header, header + 20, 65_536, Math.floor(file.length / 2), file.length - 1];
  for (const place of places) {
    await expectRefusal(
      file.subarray(0, place),
      decryptWith,
      /damaged|incomplete|encrypted to recipients|No given identity/,
    );
    const flipped = Buffer.from(file);
    flipped[place] = (flipped[place] ?? 0) ^ 1;
    await expectRefusal(flipped, decryptWith, /damaged/);
  }
  // A cut between two pieces of 64 KiB leaves only whole pieces.
  const start = file.length - [...pieceLengths()].reduce((sum, length) => sum + length, 0);
  await expectRefusal(file.subarray(0, start + 65_552), decryptWith, /damaged or incomplete/);
  await verifyBackup(opening(file)(), decryptWith);
});

/** The lengths of the encrypted pieces of the payload. */
function* pieceLengths(): Generator<number> {
  const mac = file.indexOf('\n--- ') + 1;
  const payload = file.length - (file.indexOf('\n', mac) + 1) - 16;
  for (let left = payload; left > 0; left -= 65_552) yield Math.min(left, 65_552);
}
