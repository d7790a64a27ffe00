import { hash, randomUUID, sign } from 'node:crypto';
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { ApiKey } from './api-key.ts';
import type { ProvenKey } from './api-keys.ts';
import { SIGNING_ALGORITHM, type Signer, type SigningKeys, type Verifier } from './signing-keys.ts';

/** RFC 9068 section 2.1. */
const TOKEN_TYPE = 'at+jwt';
const REMEMBERED_TOKENS = 10_000;
/** The version of the key's secret for which the token was issued. */
const SECRET_VERSION = 'secret_version';
/** The id of the instance that issued the token and accepts it. */
const INSTANCE = 'instance';

export interface TokenOptions {
  signingKeys: SigningKeys;
  /** Issuer and audience. */
  issuer: string;
  /** The stated life. */
  lifeS: number;
  /** How long a key that logs in again receives the same token; 0: never. */
  reuseS: number;
  clock: () => number;
}

export interface IssuedToken {
  token: string;
  /** Unix seconds, as stated: the token itself may be valid for up to `reuseS` longer. */
  expiresAtS: number;
  /** The stated life from now on, seconds. */
  lifeS: number;
}

/** The key that a token belongs to. */
export interface TokenClaims {
  apiKey: string;
  /** The version of the key's secret that it was issued to. */
  secretVersion: number;
}

interface Handed {
  token: string;
  issuedAtS: number;
  signer: Signer;
}

interface Verified {
  claims: TokenClaims;
  expiresAtS: number;
  kid: string;
  /** The verifier that was used. It is another object after a change of the key or of the instance. */
  verifier: Verifier;
}

/** Access tokens: JWTs (RFC 9068), each for one key. */
export class Tokens {
  readonly #options: TokenOptions;
  /**
   * The token that each key received last, for each version of its secret. It is dropped with the remembered key: when
   * the key changes, is revoked, or leaves the cache.
   */
  readonly #handed = new WeakMap<ApiKey, Map<number, Handed>>();
  /** The recently verified tokens, by their digests. The server does not keep the tokens themselves. */
  readonly #verified = new LRUCache<string, Verified>({ max: REMEMBERED_TOKENS });

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /**
   * A token for a key that was just proved: the last one within `reuseS`, otherwise a new one. A token is valid for
   * `reuseS` longer than stated, because the server may issue it again with a later stated expiry. It never outlives
   * the proved secret. Throws `StoreUnavailableError` if the signing key cannot be read.
   */
  async issue({ key, secretVersion }: ProvenKey): Promise<IssuedToken> {
    const { signingKeys, lifeS, reuseS, clock } = this.#options;
    const signer = await signingKeys.signer();
    const nowS = Math.floor(clock() / 1000);
    const isPrevious = secretVersion !== key.secretVersion;
    const secretEndsAtS = isPrevious
      ? Math.floor(key.previousSecretExpiresAtMs / 1000)
      : Number.POSITIVE_INFINITY;
    const expiresAtS = Math.min(nowS + lifeS, secretEndsAtS);
    const stated = { expiresAtS, lifeS: Math.max(0, expiresAtS - nowS) };
    const handed = this.#handed.get(key)?.get(secretVersion);
    if (handed && handed.signer === signer && isWithin(nowS - handed.issuedAtS, reuseS)) {
      return { token: handed.token, ...stated };
    }
    const times = { iat: nowS, exp: Math.min(nowS + lifeS + reuseS, secretEndsAtS) };
    const token = this.#sign({ apiKey: key.apiKey, secretVersion }, signer, times);
    if (reuseS > 0) this.#note(key, secretVersion, { token, issuedAtS: nowS, signer });
    return { token, ...stated };
  }

  #note(key: ApiKey, secretVersion: number, handed: Handed): void {
    const ofKey = this.#handed.get(key) ?? new Map<number, Handed>();
    this.#handed.set(key, ofKey.set(secretVersion, handed));
  }

  /**
   * JWS compact serialization (RFC 7515 section 7.1). It uses node:crypto, because WebCrypto takes 1.5 times as long.
   */
  #sign(
    { apiKey, secretVersion }: TokenClaims,
    { kid, key, instanceId }: Signer,
    times: { iat: number; exp: number },
  ): string {
    const { issuer } = this.#options;
    const ours = { [SECRET_VERSION]: secretVersion, [INSTANCE]: instanceId };
    const claims = {
      client_id: apiKey,
      iss: issuer,
      aud: issuer,
      sub: apiKey,
      ...times,
      jti: randomUUID(),
      ...ours,
    };
    const signed = `${base64url({ alg: SIGNING_ALGORITHM, typ: TOKEN_TYPE, kid })}.${base64url(claims)}`;
    // RFC 7518 section 3.4: R and S side by side, not in DER.
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  /**
   * The claims of a token. Undefined if the token belongs to another instance, is damaged, or is not valid now. Its key
   * may have changed since. Throws `StoreUnavailableError`.
   */
  async verify(token: string): Promise<TokenClaims | undefined> {
    const digest = hash('sha256', token, 'base64');
    return (await this.#recall(digest)) ?? this.#check(token, digest);
  }

  async #recall(digest: string): Promise<TokenClaims | undefined> {
    const found = this.#verified.get(digest);
    if (!found) return undefined;
    const isValid =
      this.#options.clock() / 1000 < found.expiresAtS &&
      (await this.#options.signingKeys.verifier(found.kid)) === found.verifier;
    if (isValid) return found.claims;
    this.#verified.delete(digest);
    return undefined;
  }

  async #check(token: string, digest: string): Promise<TokenClaims | undefined> {
    const kid = kidOf(token);
    const verifier = kid === undefined ? undefined : await this.#options.signingKeys.verifier(kid);
    if (kid === undefined || !verifier) return undefined;
    const payload = await this.#verifiedPayload(token, verifier);
    if (!payload) return undefined;
    const { client_id: apiKey, exp: expiresAtS, [SECRET_VERSION]: secretVersion } = payload;
    if (typeof apiKey !== 'string' || expiresAtS === undefined) return undefined;
    if (typeof secretVersion !== 'number' || payload[INSTANCE] !== verifier.instanceId) return undefined;
    const claims = { apiKey, secretVersion };
    this.#verified.set(digest, { claims, expiresAtS, kid, verifier });
    return claims;
  }

  async #verifiedPayload(token: string, { key }: Verifier): Promise<JWTPayload | undefined> {
    const { issuer, clock } = this.#options;
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [SIGNING_ALGORITHM],
        typ: TOKEN_TYPE,
        issuer,
        audience: issuer,
        requiredClaims: ['exp', 'client_id'],
        currentDate: new Date(clock()),
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}

/** The id of the signing key that a token names; undefined if the text is not a JWS. */
function kidOf(token: string): string | undefined {
  try {
    const { kid } = decodeProtectedHeader(token);
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}

/** False for a token from the future, which exists after the clock was set back. */
function isWithin(ageS: number, reuseS: number): boolean {
  return ageS >= 0 && ageS <= reuseS && reuseS > 0;
}

function base64url(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url');
}
