import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import { networkOf } from '../http/network.ts';
import { findPasskey, type KnownPasskey, requiresPasskey } from '../store/auth/passkeys.ts';
import { type Attempt, beginProvenSession, beginSignIn, settleSignIn } from '../store/auth/sign-ins.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { BEARER_CHALLENGE } from './challenges.ts';
import type { Passkeys, PasskeyToVerify, VerifiedPasskey } from './passkeys.ts';
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
   * With a password, both are one attempt, which was counted before: `attempt`.
   */
  async asSecondFactor(
    request: FastifyRequest,
    reply: FastifyReply,
    response: AuthenticationResponseJSON | null,
    attempt: Attempt | null,
  ): Promise<(tx: Tx, accountId: string) => Promise<void>> {
    const { clock } = this.#deps;
    const verified = response && (await this.#secondFactor(request, reply, response, attempt));
    return async (tx, accountId) => {
      if (!(await requiresPasskey(tx, accountId))) return;
      if (!verified) throw new PasskeyMissingProblem();
      if (verified.accountId !== accountId || !(await verified.use(tx, new Date(clock()))))
        throw wrongPasskey();
    };
  }

  async #secondFactor(
    request: FastifyRequest,
    reply: FastifyReply,
    response: AuthenticationResponseJSON,
    attempt: Attempt | null,
  ): Promise<VerifiedPasskey> {
    const { database, passkeys } = this.#deps;
    if (attempt) {
      const answered = await passkeys.takeChallenge(request, reply);
      const passkey = await database.inSystem((tx) => findPasskey(tx, credentialOf(response)));
      return this.#judged(request, { response, passkey, answered });
    }
    const proof = await this.#verified(request, reply, response);
    await database.inSystem((tx) => settleSignIn(tx, proof.attempt));
    return proof.verified;
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
      const passkey = await findPasskey(tx, credentialOf(response));
      // No address has a blank, so an unknown passkey counts for no account.
      const emailFolded = passkey?.emailFolded ?? `passkey ${response.id}`;
      const network = networkOf(request.ip);
      const begun = await beginSignIn(tx, { emailFolded, network, at: new Date(clock()) }, FAILURE_RULES);
      return { passkey, begun };
    });
    if ('retryAfterS' in begun) throw mustWait(begun.retryAfterS);
    const verified = await this.#judged(request, { response, passkey, answered });
    return { verified, attempt: begun.attempt };
  }

  async #judged(
    request: FastifyRequest,
    { passkey, ...answer }: { passkey: KnownPasskey | undefined } & Omit<PasskeyToVerify, 'passkey'>,
  ): Promise<VerifiedPasskey> {
    const verified = passkey && (await this.#deps.passkeys.verify(request, { passkey, ...answer }));
    if (!verified) throw wrongPasskey(passkey?.email);
    return verified;
  }
}

function credentialOf({ id }: AuthenticationResponseJSON): Buffer {
  return Buffer.from(id, 'base64url');
}

function wrongPasskey(account?: string): HttpProblem {
  return new HttpProblem(401, 'This passkey does not sign you in here; try again, or sign in another way.', {
    headers: { 'www-authenticate': BEARER_CHALLENGE },
    failedLogin: { by: 'passkey', account },
  });
}
