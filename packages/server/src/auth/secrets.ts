import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hash,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = 1;

/** The master key is missing or malformed, or it is not the key that sealed the data. */
export class MasterKeyError extends Error {}

/**
 * Seals secrets at rest with AES-256-GCM. A sealed value is one byte of format, the nonce, the ciphertext and the tag.
 * The tag also covers `context`, so that a value that is moved to another row does not open there.
 */
export class MasterKey {
  readonly #key: Buffer;

  /** `key`: 32 bytes. */
  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new MasterKeyError('The master key must be 32 bytes, in base64.');
    this.#key = key;
  }

  static generate(): MasterKey {
    return new MasterKey(randomBytes(KEY_BYTES));
  }

  /** Reads the base64 of the key file or the environment variable. Throws `MasterKeyError`. */
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
    return Buffer.concat([Buffer.of(FORMAT), nonce, ciphertext, cipher.getAuthTag()]);
  }

  /** Throws `MasterKeyError` if the value is damaged, or was sealed with another key or for another context. */
  open(sealed: Buffer, context: string): string {
    try {
      if (sealed[0] !== FORMAT) throw new Error('unknown format');
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(1, 1 + NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(Buffer.from(context))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      return Buffer.concat([
        decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES)),
        decipher.final(),
      ]).toString('utf8');
    } catch (cause) {
      throw new MasterKeyError('A sealed secret does not open with this master key.', { cause });
    }
  }
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
