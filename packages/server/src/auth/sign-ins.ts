import type { FastifyRequest } from 'fastify';
import { HttpProblem, malformedMember } from '../http/errors.ts';
import type { FailedLogin } from '../http/failed-logins.ts';
import { networkOf } from '../http/network.ts';
import { lockSession, type SessionRow } from '../store/auth/sessions.ts';
import {
  type Attempt,
  beginSession,
  beginSignIn,
  changePassword,
  type FailureRules,
  type OpenLink,
  type Redemption,
  redeemLink,
  takeBackSignIn,
} from '../store/auth/sign-ins.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { fold } from '../store/values/fold.ts';
import { checkedName, emailFault } from './account-texts.ts';
import { BEARER_CHALLENGE } from './challenges.ts';
import type { CredentialLookUps } from './credential-look-ups.ts';
import { hashPassword, type Passwords, passwordFault, verifyPassword } from './passwords.ts';
import { noSession } from './session-caller.ts';
import { generateToken, hashToken, type Sessions } from './sessions.ts';

const DAY_S = 86_400;
/**
 * How failures slow down guesses. People who mistype wait for seconds. A network that an account knows waits for its own
 * failures only, so that nobody can lock a person out from elsewhere.
 */
export const FAILURE_RULES: FailureRules = {
  pair: { free: 5, longestS: 60 },
  account: { free: 5, longestS: 900 },
  // The people of an office may share one address.
  network: { free: 20, longestS: 900 },
  forgetS: 3_600,
  knownS: 30 * DAY_S,
};
/** How long an account knows a network, and how long failures count, in milliseconds. */
export const KNOWN_MS = FAILURE_RULES.knownS * 1_000;
export const FORGET_MS = FAILURE_RULES.forgetS * 1_000;

/**
 * Makes the check that a password or a link is enough for an account. The check throws if the account requires a passkey,
 * and the request has none or a wrong one. `attempt` is that of the right password; null for a link, which is not counted.
 */
export type SecondFactor = (attempt: Attempt | null) => Promise<(tx: Tx, accountId: string) => Promise<void>>;

/** 400: the password or the link is right, and the account requires a passkey besides. */
export class PasskeyMissingProblem extends HttpProblem {
  constructor() {
    const {
      status,
      message,
      errors = [],
    } = malformedMember('passkey', 'is required; the account signs in with a passkey besides');
    super(status, message, { errors });
  }
}

/** A session that has just begun, and the token for its cookie. */
export interface SignedIn {
  session: SessionRow;
  token: string;
}

interface Deps {
  database: Database;
  lookUps: CredentialLookUps;
  sessions: Sessions;
  passwords: Passwords;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** Signs people in with a password or a one-time link. */
export class SignIns {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Signs in with a password. Throws the same 401 for an unknown account, an account without a password or disabled, and
   * a wrong password, after the same steps; a 429 while failures slow the caller down.
   */
  async byPassword(
    request: FastifyRequest,
    { email, password }: { email: string; password: string },
    secondFactor: SecondFactor,
  ): Promise<SignedIn> {
    const { database, sessions } = this.#deps;
    const replaced = await sessions.presentedHash(request);
    const refused = () =>
      wrong('The e-mail address or the password is wrong.', { by: 'password', account: email });
    return this.#verified(
      request,
      { emailFolded: foldedEmail(email), password, refused },
      async (verified) => {
        const { session, token } = sessions.create(request, 'password');
        const requireSecondFactor = await secondFactor(verified.attempt);
        const begun = await database.inSystem(async (tx) => {
          await requireSecondFactor(tx, verified.accountId);
          return beginSession(tx, { ...verified, session, replaced });
        });
        if (!begun) throw refused();
        return this.#begun(token);
      },
    );
  }

  /**
   * Redeems a one-time link. A link that sets a password takes one, and so does an invitation for an account that is not
   * signed in. The session of a person who is signed in goes on under a new token. A 400 or a wrong password does not use
   * the link up. Throws a 401 if the link is wrong, used or expired.
   */
  async byLink(
    request: FastifyRequest,
    { token, name, password }: { token: string; name: string | null; password: string | null },
    secondFactor: SecondFactor,
  ): Promise<SignedIn> {
    const { lookUps, sessions, clock } = this.#deps;
    const at = new Date(clock());
    const tokenHash = hashToken(token);
    const link = await lookUps.openLink(tokenHash, at);
    if (!link) throw wrongLink();
    const newName = name === null ? null : checkedName(name);
    const replaced = await sessions.presentedHash(request);
    const redeem = (redemption: { newHash?: string; attempt?: Attempt }, proof: LinkProof = {}) =>
      this.#redeem(
        request,
        { newHash: null, attempt: null, ...redemption, tokenHash, at, link, newName, replaced },
        proof,
      );
    if (setsPassword(link)) {
      if (password === null)
        throw malformedMember('password', 'is required; choose one of at least 12 characters');
      const fault = passwordFault(password, link.email);
      if (fault !== undefined) throw malformedMember('password', fault);
      const newHash = await this.#deps.passwords.inTurn(networkOf(request.ip), () => hashPassword(password));
      return redeem({ newHash });
    }
    const present = await sessions.prove(request);
    if (present?.accountId === link.accountId) return redeem({}, { present });
    if (link.kind === 'link') return redeem({}, { secondFactor });
    if (link.passwordHash === null) {
      throw new HttpProblem(403, 'The account has no password; sign in first, and then open the link again.');
    }
    if (password === null)
      throw malformedMember('password', 'is required; give the password that the account has');
    const { emailFolded, email } = link;
    const isWrong = () => wrong('The password is wrong.', { by: 'password', account: email });
    return this.#verified(request, { emailFolded, password, refused: isWrong }, ({ attempt }) =>
      redeem({ attempt }, { secondFactor }),
    );
  }

  /**
   * Replaces the password of a session's account. All other sessions end, and this one gets a new token, which it
   * returns. Throws a 400 for a password that cannot be chosen, and a 403 for a wrong current one.
   */
  async changePassword(
    request: FastifyRequest,
    session: SessionRow,
    { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
  ): Promise<string> {
    const { database, clock } = this.#deps;
    const fault = passwordFault(newPassword, session.email);
    if (fault !== undefined) throw malformedMember('newPassword', fault);
    const refused = () =>
      new HttpProblem(403, 'The current password is wrong.', {
        failedLogin: { by: 'password', account: session.email },
      });
    const current = { emailFolded: session.emailFolded, password: currentPassword, refused };
    return this.#verified(request, current, async (verified) => {
      const token = generateToken();
      const change = {
        ...verified,
        newHash: await hashPassword(newPassword),
        at: new Date(clock()),
        sessionId: session.sessionId,
        newTokenHash: hashToken(token),
      };
      await database.inSystem(async (tx) => {
        if (!(await changePassword(tx, change))) throw refused();
        await request.server.audit.addOwn(tx, request, session, 'account.password-changed', {});
      });
      return token;
    });
  }

  /**
   * Runs `work` if the password is right. Throws the error of `refused` otherwise. Both cost one verification. A first step
   * that only lacks the passkey is no failure.
   */
  async #verified<T>(
    request: FastifyRequest,
    { emailFolded, password, refused }: { emailFolded: string; password: string; refused: () => HttpProblem },
    work: (verified: { accountId: string; verifiedHash: string; attempt: Attempt }) => Promise<T>,
  ): Promise<T> {
    const { database, passwords, clock } = this.#deps;
    const network = networkOf(request.ip);
    return passwords.inTurn(network, async () => {
      const at = new Date(clock());
      const begun = await database.inSystem((tx) =>
        beginSignIn(tx, { emailFolded, network, at }, FAILURE_RULES),
      );
      if ('retryAfterS' in begun) throw mustWait(begun.retryAfterS);
      const { account, attempt } = begun;
      const hash = account && !account.isDisabled ? account.passwordHash : null;
      const isRight = await verifyPassword(hash, password);
      if (!account || hash === null || !isRight) throw refused();
      return work({ accountId: account.accountId, verifiedHash: hash, attempt }).catch(
        async (error: unknown) => {
          if (error instanceof PasskeyMissingProblem)
            await database.inSystem((tx) => takeBackSignIn(tx, attempt));
          throw error;
        },
      );
    });
  }

  async #redeem(
    request: FastifyRequest,
    redemption: Omit<Parameters<typeof redeemLink>[1], 'session'>,
    { present, secondFactor }: LinkProof,
  ): Promise<SignedIn> {
    const { sessions, database } = this.#deps;
    const { session: created, token } = sessions.create(request, redemption.attempt ? 'password' : 'link');
    const session = present ? { ...created, ...signInOf(present) } : created;
    const requireSecondFactor = await secondFactor?.(redemption.attempt);
    await database.inSystem(async (tx) => {
      // It may have ended since the request has proved it.
      if (present && !(await lockSession(tx, present))) throw noSession(BEARER_CHALLENGE);
      await requireSecondFactor?.(tx, redemption.link.accountId);
      requireRedemption(await redeemLink(tx, { ...redemption, session }));
    });
    return this.#begun(token);
  }

  async #begun(token: string): Promise<SignedIn> {
    const session = await this.#deps.sessions.find(token);
    if (!session) throw new HttpProblem(401, 'The session has ended already; sign in again.');
    return { session, token };
  }
}

/** What proves the account of a link besides the link: a session of it, or a passkey if the account requires one. */
interface LinkProof {
  present?: SessionRow;
  secondFactor?: SecondFactor;
}

/** How and when the person of a session signed in. A link that is redeemed in it proves nothing new. */
function signInOf({ method, createdAt, provenAt, identityId }: SessionRow) {
  return { method, createdAt, provenAt, identityId };
}

/**
 * Whether a link sets the password of its account, and takes all other ways to sign in away. The invitation of an
 * organisation does so only while the account belongs nowhere; otherwise the organisation could take the account over.
 */
export function setsPassword({ kind, belongsSomewhere }: OpenLink): boolean {
  return kind === 'reset' || (kind === 'invitation' && !belongsSomewhere);
}

/** The form of an address in which accounts are found. A text that no account can have finds none. */
function foldedEmail(email: string): string {
  return emailFault(email) === undefined ? fold(email) : '';
}

function wrong(detail: string, failedLogin: FailedLogin): HttpProblem {
  return new HttpProblem(401, detail, { headers: { 'www-authenticate': BEARER_CHALLENGE }, failedLogin });
}

/** 401, also for a link that another request used meanwhile. */
export function wrongLink(): HttpProblem {
  return wrong('The link is wrong, used or expired; ask for a new one.', { by: 'link' });
}

/** Throws a 401 or a 409 if a link was not redeemed. */
export function requireRedemption(outcome: Redemption): void {
  if (outcome === 'unknown') throw wrongLink();
  if (outcome === 'last administrator') {
    throw new HttpProblem(
      409,
      'An organisation would lose its last administrator, because the role comes from an identity of this account. Sign in ' +
        'with that identity, or make another person an administrator first.',
    );
  }
}

/** 429 while failures slow the caller down. */
export function mustWait(seconds: number): HttpProblem {
  return new HttpProblem(429, 'Too many sign-ins have failed; wait before the next one.', {
    headers: { 'retry-after': String(seconds) },
  });
}
