import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, exportPKCS8, generateKeyPair, importJWK, type JWK } from 'jose';
import type { Database } from '../store/db.ts';
import { insertFirstSigningKey, listSigningKeys, type SigningKeyRow } from '../store/signing-keys.ts';
import type { MasterKey } from './secrets.ts';

export const SIGNING_ALGORITHM = 'ES256';

const sealContext = (kid: string) => `signing-key:${kid}`;

/** Makes the key that signs tokens if there is none yet; replicas share it through the database. Owner only. */
export async function ensureSigningKey(owner: Database, masterKey: MasterKey, now: Date): Promise<void> {
  const existing = await owner.inSystem(listSigningKeys);
  if (existing.length > 0) return;
  const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const kid = randomUUID();
  const privateKeySealed = masterKey.seal(await exportPKCS8(privateKey), sealContext(kid));
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: SIGNING_ALGORITHM, use: 'sig' };
  await owner.inSystem((tx) =>
    insertFirstSigningKey(tx, { kid, algorithm: SIGNING_ALGORITHM, publicJwk, privateKeySealed }, now),
  );
}

/** The key that signs, the same object until the keys are read again. */
export interface Signer {
  kid: string;
  key: KeyObject;
}

interface Loaded {
  signer: Signer;
  verifiers: Map<string, CryptoKey>;
  jwks: { keys: JWK[] };
}

const RELOAD_AFTER_MS = 60_000;

/** The signing keys in memory; read again when a token names one that is not known, at most once a minute. */
export class SigningKeys {
  readonly #database: Database;
  readonly #masterKey: MasterKey;
  readonly #clock: () => number;
  #loading: Promise<Loaded> | undefined;
  #loadedAtMs = Number.NEGATIVE_INFINITY;

  /** `clock`: milliseconds, of any beginning. */
  constructor(database: Database, masterKey: MasterKey, clock: () => number) {
    this.#database = database;
    this.#masterKey = masterKey;
    this.#clock = clock;
  }

  /** The key that signs. Throws `StoreUnavailableError`. */
  async signer(): Promise<Signer> {
    return (await this.#loaded()).signer;
  }

  /** The public key with this id, if there is one. */
  async verifier(kid: string): Promise<CryptoKey | undefined> {
    const found = (await this.#loaded()).verifiers.get(kid);
    const ageMs = this.#clock() - this.#loadedAtMs;
    // A clock that was set back is no reason to wait for the time that it had.
    if (found || (ageMs >= 0 && ageMs < RELOAD_AFTER_MS)) return found;
    this.#loading = undefined;
    return (await this.#loaded()).verifiers.get(kid);
  }

  /** RFC 7517 key set, public parts only. */
  async jwks(): Promise<Loaded['jwks']> {
    return (await this.#loaded()).jwks;
  }

  #loaded(): Promise<Loaded> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #load(): Promise<Loaded> {
    const rows = await this.#database.inSystem(listSigningKeys);
    const [newest] = rows;
    if (!newest) throw new Error('The database has no signing key.');
    const pkcs8 = this.#masterKey.open(newest.privateKeySealed, sealContext(newest.kid));
    const verifiers = await Promise.all(rows.map(async (row) => [row.kid, await importPublic(row)] as const));
    this.#loadedAtMs = this.#clock();
    return {
      signer: { kid: newest.kid, key: createPrivateKey(pkcs8) },
      verifiers: new Map(verifiers),
      jwks: { keys: rows.map((row) => row.publicJwk as JWK) },
    };
  }
}

async function importPublic(row: SigningKeyRow): Promise<CryptoKey> {
  return (await importJWK(row.publicJwk as JWK, row.algorithm)) as CryptoKey;
}
