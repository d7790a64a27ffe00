import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import { networkOf } from '../http/network.ts';
import { findPasskey, requiresPasskey } from '../store/auth/passkeys.ts';
import { type Attempt, beginProvenSession, beginSignIn, settleSignIn } from '../store/auth/sign-ins.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { BEARER_CHALLENGE } from './challenges.ts';
import type { Passkeys, VerifiedPasskey } from './passkeys.ts';
import type { Sessions } from './sessions.ts';
import { FAILURE_RULES, mustWait, PasskeyMissingProblem, type SignedIn } from './sign-ins.ts';

interface Deps {
  database: Database;
  sessions: Sessions;
  passkeys: Passkeys;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** Signs people in with a passkey, alone or besides a password. */
export class PasskeySignIns {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Signs in with a passkey alone. Throws the same 401 for an unknown passkey, a wrong signature and a disabled account,
   * and a 429 while failures slow the caller down.
   */
  async byPasskey(
    request: FastifyRequest,
    reply: FastifyReply,
    response: AuthenticationResponseJSON,
  ): Promise<SignedIn> {
    const { database, sessions, clock } = this.#deps;
    const { verified, attempt } = await this.#verified(request, reply, response);
    const replaced = await sessions.presentedHash(request);
    const { session, token } = sessions.create(request, 'passkey');
    const begun = await database.inSystem(async (tx) => {
      if (!(await verified.use(tx, new Date(clock())))) throw wrongPasskey();
      return beginProvenSession(tx, { accountId: verified.accountId, session, attempt, replaced });
    });
    const row = begun && (await sessions.find(token));
    if (!row) throw wrongPasskey();
    return { session: row, token };
  }

  /**
   * The second factor of a password or a link: a check for the transaction that begins the session. The check throws a
   * 400 that names `passkey` if the account requires a passkey and the request has none, and a 401 for another account's.
   */
  async asSecondFactor(
    request: FastifyRequest,
    reply: FastifyReply,
    response: AuthenticationResponseJSON | null,
  ): Promise<(tx: Tx, accountId: string) => Promise<void>> {
    const { database, clock } = this.#deps;
    const proof = response && (await this.#verified(request, reply, response));
    // The attempt of the password counts as failed until the session begins.
    if (proof) await database.inSystem((tx) => settleSignIn(tx, proof.attempt));
    return async (tx, accountId) => {
      if (!(await requiresPasskey(tx, accountId))) return;
      if (!proof) throw new PasskeyMissingProblem();
      const { verified } = proof;
      if (verified.accountId !== accountId || !(await verified.use(tx, new Date(clock()))))
        throw wrongPasskey();
    };
  }

  /** Counts the attempt as failed before it verifies the signature, as with passwords. */
  async #verified(
    request: FastifyRequest,
    reply: FastifyReply,
    response: AuthenticationResponseJSON,
  ): Promise<{ verified: VerifiedPasskey; attempt: Attempt }> {
    const { database, passkeys, clock } = this.#deps;
    const answered = await passkeys.takeChallenge(request, reply);
    const { passkey, begun } = await database.inSystem(async (tx) => {
      const passkey = await findPasskey(tx, Buffer.from(response.id, 'base64url'));
      // No address has a blank, so an unknown passkey counts for no account.
      const emailFolded = passkey?.emailFolded ?? `passkey ${response.id}`;
      const network = networkOf(request.ip);
      const begun = await beginSignIn(tx, { emailFolded, network, at: new Date(clock()) }, FAILURE_RULES);
      return { passkey, begun };
    });
    if ('retryAfterS' in begun) throw mustWait(begun.retryAfterS);
    const verified = passkey && (await passkeys.verify(request, { response, passkey, answered }));
    if (!verified) throw wrongPasskey(passkey?.email);
    return { verified, attempt: begun.attempt };
  }
}

function wrongPasskey(account?: string): HttpProblem {
  return new HttpProblem(401, 'This passkey does not sign you in here; try again, or sign in another way.', {
    headers: { 'www-authenticate': BEARER_CHALLENGE },
    failedLogin: { by: 'passkey', account },
  });
}
