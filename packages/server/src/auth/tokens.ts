import { hash, randomUUID, sign } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { StoreUnavailableError } from '../store/unavailable.ts';
import type { ApiKey } from './api-keys.ts';
import { SIGNING_ALGORITHM, type Signer, type SigningKeys } from './signing-keys.ts';

/** RFC 9068 section 2.1. */
const TOKEN_TYPE = 'at+jwt';
const REMEMBERED_TOKENS = 10_000;

export interface TokenOptions {
  signingKeys: SigningKeys;
  /** Issuer and audience. */
  issuer: string;
  /** The stated life. */
  lifeS: number;
  /** For so long a key that logs in again is handed the same token; 0: never. */
  reuseS: number;
  clock: () => number;
}

export interface IssuedToken {
  token: string;
  /** Unix seconds, as stated: the token itself may be valid for up to `reuseS` longer. */
  expiresAtS: number;
}

interface Handed {
  token: string;
  issuedAtS: number;
  signer: Signer;
}

interface Verified {
  apiKey: string;
  expiresAtS: number;
  kid: string;
  /** The very key that it was verified with: it is another one once the signing keys were read again. */
  verifier: object;
}

/** Access tokens: JWTs as RFC 9068 has them, for one key each. */
export class Tokens {
  readonly #options: TokenOptions;
  /**
   * The token that each key was handed last. It is forgotten together with what is remembered of the key itself: when
   * the key changes, is revoked or has not been asked for in a long time.
   */
  readonly #handed = new WeakMap<ApiKey, Handed>();
  /** What was verified before, by the digest of the token; the tokens themselves are not kept. Oldest first. */
  readonly #verified = new Map<string, Verified>();

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /** The stated life, seconds. */
  get lifeS(): number {
    return this.#options.lifeS;
  }

  /**
   * A token for a key that was just proved. It lives so much longer than stated that whoever is handed it again is
   * told the truth, too. Throws `StoreUnavailableError` when the signing key has not been read yet and cannot be.
   */
  async issue(key: ApiKey): Promise<IssuedToken> {
    const { signingKeys, lifeS, reuseS, clock } = this.#options;
    const signer = await signingKeys.signer();
    const nowS = Math.floor(clock() / 1000);
    const expiresAtS = nowS + lifeS;
    const handed = this.#handed.get(key);
    if (handed && handed.signer === signer && isWithin(nowS - handed.issuedAtS, reuseS)) {
      return { token: handed.token, expiresAtS };
    }
    const token = this.#sign(key.apiKey, signer, { iat: nowS, exp: expiresAtS + reuseS });
    if (reuseS > 0) this.#handed.set(key, { token, issuedAtS: nowS, signer });
    return { token, expiresAtS };
  }

  /** JWS compact serialization (RFC 7515 section 7.1), by Node's own crypto: WebCrypto takes half as long again. */
  #sign(apiKey: string, { kid, key }: Signer, times: { iat: number; exp: number }): string {
    const { issuer } = this.#options;
    const claims = { client_id: apiKey, iss: issuer, aud: issuer, sub: apiKey, ...times, jti: randomUUID() };
    const signed = `${base64url({ alg: SIGNING_ALGORITHM, typ: TOKEN_TYPE, kid })}.${base64url(claims)}`;
    // RFC 7518 section 3.4: R and S side by side, not in DER.
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  /**
   * The id of the key that a token was issued to, or undefined when the token is not ours, not intact or not
   * valid now. Throws `StoreUnavailableError`.
   */
  async verify(token: string): Promise<string | undefined> {
    const digest = hash('sha256', token, 'base64');
    return (await this.#recall(digest)) ?? this.#check(token, digest);
  }

  async #recall(digest: string): Promise<string | undefined> {
    const found = this.#verified.get(digest);
    if (!found) return undefined;
    const isValid =
      this.#options.clock() / 1000 < found.expiresAtS &&
      (await this.#options.signingKeys.verifier(found.kid)) === found.verifier;
    if (isValid) return found.apiKey;
    this.#verified.delete(digest);
    return undefined;
  }

  async #check(token: string, digest: string): Promise<string | undefined> {
    const { signingKeys, issuer, clock } = this.#options;
    try {
      const { kid } = decodeProtectedHeader(token);
      const verifier = typeof kid === 'string' ? await signingKeys.verifier(kid) : undefined;
      if (kid === undefined || !verifier) return undefined;
      const { payload } = await jwtVerify(token, verifier, {
        algorithms: [SIGNING_ALGORITHM],
        typ: TOKEN_TYPE,
        issuer,
        audience: issuer,
        requiredClaims: ['exp', 'client_id'],
        currentDate: new Date(clock()),
      });
      const { client_id: apiKey, exp: expiresAtS } = payload;
      if (typeof apiKey !== 'string' || expiresAtS === undefined) return undefined;
      this.#remember(digest, { apiKey, expiresAtS, kid, verifier });
      return apiKey;
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      return undefined;
    }
  }

  #remember(digest: string, verified: Verified): void {
    const oldest = this.#verified.keys().next();
    if (this.#verified.size >= REMEMBERED_TOKENS && !oldest.done) this.#verified.delete(oldest.value);
    this.#verified.set(digest, verified);
  }
}

/** A clock that was set back is no reason to hand out a token of the future. */
function isWithin(ageS: number, reuseS: number): boolean {
  return ageS >= 0 && ageS <= reuseS && reuseS > 0;
}

function base64url(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url');
}
