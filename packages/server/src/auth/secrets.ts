import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hash,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The format byte of a value that names its key, and of an older value that does not. */
const FORMAT = 2;
const FORMAT_WITHOUT_KEY_ID = 1;

/** The master key is missing or malformed, or it is not the key that sealed the data. */
export class MasterKeyError extends Error {}

/** Seals secrets at rest, and opens them: one master key, or those of a server. */
export interface Sealer {
  /** Returns `plaintext` encrypted for `context`. */
  seal(plaintext: string, context: string): Buffer;
  /** Throws `MasterKeyError` if the value is damaged, or was sealed with another key or for another context. */
  open(sealed: Buffer, context: string): string;
}

/**
 * Seals secrets at rest with AES-256-GCM. A sealed value is one byte of format, the id of the key, the nonce, the
 * ciphertext and the tag. Older values have no id. The tag also covers `context`, so that a value that is moved to another
 * row does not open there.
 */
export class MasterKey implements Sealer {
  /** 16 hexadecimal digits that name the key and do not reveal it. */
  readonly id: string;
  readonly #key: Buffer;

  /** `key`: 32 bytes. */
  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new MasterKeyError('The master key must be 32 bytes, in base64.');
    this.#key = key;
    const mac = createHmac('sha256', key).update('rollcall master key id').digest();
    this.id = mac.subarray(0, KEY_ID_BYTES).toString('hex');
  }

  static generate(): MasterKey {
    return new MasterKey(randomBytes(KEY_BYTES));
  }

  /** Reads the base64 of one key. Throws `MasterKeyError`. */
  static parse(base64: string): MasterKey {
    return new MasterKey(Buffer.from(base64.trim(), 'base64'));
  }

  /** The 32 bytes, for backups. */
  bytes(): Buffer {
    return Buffer.from(this.#key);
  }

  /** Base64, for the key file. */
  export(): string {
    return this.#key.toString('base64');
  }

  seal(plaintext: string, context: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(context));
    const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    const keyId = Buffer.from(this.id, 'hex');
    return Buffer.concat([Buffer.of(FORMAT), keyId, nonce, ciphertext, cipher.getAuthTag()]);
  }

  open(sealed: Buffer, context: string): string {
    try {
      const named = keyIdOf(sealed);
      if (named !== undefined && named !== this.id) throw new Error(`sealed with the master key ${named}`);
      const start = 1 + (named === undefined ? 0 : KEY_ID_BYTES);
      const nonce = sealed.subarray(start, start + NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(context))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      return Buffer.concat([
        decipher.update(sealed.subarray(start + NONCE_BYTES, -TAG_BYTES)),
        decipher.final(),
      ]).toString('utf8');
    } catch (cause) {
      throw new MasterKeyError('A sealed secret does not open with this master key.', { cause });
    }
  }
}

/** The id of the key that sealed a value; undefined for an older value that does not name its key. Throws for another format. */
export function keyIdOf(sealed: Buffer): string | undefined {
  if (sealed[0] === FORMAT_WITHOUT_KEY_ID) return undefined;
  if (sealed[0] !== FORMAT) throw new MasterKeyError('A sealed secret has an unknown format.');
  return sealed.subarray(1, 1 + KEY_ID_BYTES).toString('hex');
}

/** A new secret: 256 random bits, in characters that need no escaping in a URL, a shell or a Basic header. */
export function generateSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether two texts are equal. The time shows neither where they differ nor how long they are. */
export function equalSecrets(a: string, b: string): boolean {
  // Digests as text, because buffers take Node five times as long.
  return equalDigests(hash('sha256', a, 'hex'), hash('sha256', b, 'hex'));
}

/** Whether two digests, as text, are equal. The time does not show where they differ. Their length is no secret. */
export function equalDigests(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The hash of `/v1/auth`: HMAC-SHA256 of `message`, keyed with the UTF-8 bytes of `secret`, in lower-case hex. */
export function loginHash(secret: string, message: string): string {
  return createHmac('sha256', secret).update(message, 'utf8').digest('hex');
}
