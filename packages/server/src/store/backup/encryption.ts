import { ReadableStream } from 'node:stream/web';
import { Decrypter, Encrypter, type Identity, type Recipient, type Stanza } from 'age-encryption';
import { BackupError, RestoreError } from './errors.ts';

/** To whom a backup is encrypted: recipients of age (`age1…`), or those who know a passphrase. */
export type EncryptTo = { recipients: readonly string[] } | { passphrase: string };

/** What decrypts a backup: identities of age (`AGE-SECRET-KEY-…`), or a passphrase. */
export type DecryptWith = { identities: readonly (string | Identity)[] } | { passphrase: string };

type Bytes = AsyncIterable<Uint8Array>;

/** The encryption of one backup. */
export interface BackupEncryption {
  /** Turns the bytes of an archive into those of an age file, 64 KiB at a time. */
  encrypt(archive: Bytes): Bytes;
  /** Decrypts what `encrypt` made, also where nobody here has an identity of its recipients. */
  decryptWith: DecryptWith;
}

/** The first line of an age file: https://age-encryption.org/v1. */
const AGE_LINE = 'age-encryption.org/v1\n';
const PASSPHRASE_STANZA = '-> scrypt ';
const PEEKED_BYTES = AGE_LINE.length + PASSPHRASE_STANZA.length;
/** The library's words where no identity and no passphrase fits. */
const NO_MATCH = /no identity matched/;

/** Whether the content of a file is that of an age file. */
export const isEncrypted = (content: Buffer): boolean =>
  content.subarray(0, AGE_LINE.length).toString('latin1') === AGE_LINE;

/** Throws `BackupError` if a recipient is none. */
export function encryptionTo(to: EncryptTo): BackupEncryption {
  const encrypter = new Encrypter();
  const encrypt = (archive: Bytes) => throughStream(archive, (stream) => encrypter.encrypt(stream));
  if ('passphrase' in to) {
    encrypter.setPassphrase(to.passphrase);
    return { encrypt, decryptWith: to };
  }
  for (const [index, recipient] of to.recipients.entries()) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      // The text stays out of the message, because it may be an identity that somebody mistook for a recipient.
      throw new BackupError(
        `Recipient ${index + 1} is not a recipient of age, which begins with age1.`,
        error,
      );
    }
  }
  const fileKey = new KeptFileKey();
  encrypter.addRecipient(fileKey);
  return { encrypt, decryptWith: { identities: [fileKey] } };
}

/** Throws `RestoreError` if an identity is none. */
export function checkIdentities(identities: readonly string[]): void {
  const decrypter = new Decrypter();
  for (const [index, identity] of identities.entries()) {
    try {
      decrypter.addIdentity(identity);
    } catch (error) {
      throw new RestoreError(
        `Identity ${index + 1} is not an identity of age, which begins with AGE-SECRET-KEY-.`,
        error,
      );
    }
  }
}

/**
 * The bytes of the archive in a backup file. Reads the file as fast as its reader asks, 64 KiB at a time. Throws
 * `RestoreError` if the file is encrypted and `decryptWith` does not fit, or if it is damaged.
 */
export async function* archiveBytes(file: Bytes, decryptWith?: DecryptWith): AsyncGenerator<Uint8Array> {
  const { start, whole } = await peek(file);
  if (!start.startsWith(AGE_LINE)) {
    if (decryptWith) {
      throw new RestoreError(
        'This file is not an encrypted backup; leave out the identity or the passphrase.',
      );
    }
    yield* whole;
    return;
  }
  const hasPassphrase = start.startsWith(PASSPHRASE_STANZA, AGE_LINE.length);
  if (!decryptWith || 'passphrase' in decryptWith !== hasPassphrase) {
    throw new RestoreError(
      hasPassphrase
        ? 'This backup is encrypted with a passphrase; give it with --passphrase-file.'
        : 'This backup is encrypted to recipients of age; give the identity of one with --identity.',
    );
  }
  const decrypter = new Decrypter();
  if ('passphrase' in decryptWith) decrypter.addPassphrase(decryptWith.passphrase);
  else for (const identity of decryptWith.identities) decrypter.addIdentity(identity);
  try {
    yield* throughStream(whole, (stream) => decrypter.decrypt(stream));
  } catch (error) {
    throw undecrypted(error as NodeJS.ErrnoException, hasPassphrase);
  }
}

/** Keeps the key of a file while it is encrypted, without a trace in the file. */
class KeptFileKey implements Recipient, Identity {
  #fileKey: Uint8Array | null = null;

  wrapFileKey(fileKey: Uint8Array): Stanza[] {
    this.#fileKey = Uint8Array.from(fileKey);
    return [];
  }

  unwrapFileKey(): Uint8Array | null {
    return this.#fileKey;
  }
}

function undecrypted(error: NodeJS.ErrnoException, hasPassphrase: boolean): Error {
  if (error.syscall !== undefined) return error;
  if (NO_MATCH.test(error.message)) {
    const what = hasPassphrase ? 'The given passphrase does not open' : 'No given identity opens';
    return new RestoreError(
      `${what} this backup, or the start of the file is damaged; nothing was restored.`,
      error,
    );
  }
  return new RestoreError('The backup file is damaged or incomplete; nothing was restored.', error);
}

/** The library takes and gives streams of the web; their types of Node.js and of browsers differ. */
async function* throughStream(
  bytes: Bytes,
  turn: (stream: globalThis.ReadableStream<Uint8Array>) => Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  const turned = await turn(ReadableStream.from(bytes) as never);
  yield* turned as ReadableStream<Uint8Array>;
}

/** The beginning of a file as text, and all of its bytes. */
async function peek(file: Bytes): Promise<{ start: string; whole: Bytes }> {
  const pieces = file[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < PEEKED_BYTES) {
    const next = await pieces.next();
    if (next.done) break;
    start = Buffer.concat([start, next.value]);
  }
  const rest: Bytes = { [Symbol.asyncIterator]: () => pieces };
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield start;
    yield* rest;
  }
  return { start: start.toString('latin1'), whole: whole() };
}
