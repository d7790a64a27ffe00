import { randomUUID } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { StoreUnavailableError } from '../store/unavailable.ts';
import { SIGNING_ALGORITHM, type SigningKeys } from './signing-keys.ts';

/** RFC 9068 section 2.1. */
const TOKEN_TYPE = 'at+jwt';

export interface TokenOptions {
  signingKeys: SigningKeys;
  /** Issuer and audience. */
  issuer: string;
  lifeS: number;
  clock: () => number;
}

export interface IssuedToken {
  token: string;
  /** Unix seconds. */
  expiresAtS: number;
}

/** Access tokens: JWTs as RFC 9068 has them, for one key each. */
export class Tokens {
  readonly #options: TokenOptions;

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  get lifeS(): number {
    return this.#options.lifeS;
  }

  /** Throws `StoreUnavailableError` when the signing key has not been read yet and cannot be. */
  async issue(apiKey: string): Promise<IssuedToken> {
    const { signingKeys, issuer, lifeS, clock } = this.#options;
    const { kid, key } = await signingKeys.signer();
    const issuedAtS = Math.floor(clock() / 1000);
    const expiresAtS = issuedAtS + lifeS;
    const token = await new SignJWT({ client_id: apiKey })
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: TOKEN_TYPE, kid })
      .setIssuer(issuer)
      .setAudience(issuer)
      .setSubject(apiKey)
      .setIssuedAt(issuedAtS)
      .setExpirationTime(expiresAtS)
      .setJti(randomUUID())
      .sign(key);
    return { token, expiresAtS };
  }

  /**
   * The id of the key that a token was issued to, or undefined when the token is not ours, not intact or not
   * valid now. Throws `StoreUnavailableError`.
   */
  async verify(token: string): Promise<string | undefined> {
    const { signingKeys, issuer, clock } = this.#options;
    try {
      const { kid } = decodeProtectedHeader(token);
      const key = typeof kid === 'string' ? await signingKeys.verifier(kid) : undefined;
      if (!key) return undefined;
      const { payload } = await jwtVerify(token, key, {
        algorithms: [SIGNING_ALGORITHM],
        typ: TOKEN_TYPE,
        issuer,
        audience: issuer,
        requiredClaims: ['exp', 'client_id'],
        currentDate: new Date(clock()),
      });
      return typeof payload.client_id === 'string' ? payload.client_id : undefined;
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      return undefined;
    }
  }
}
