import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import {
  applyClaimedRoles,
  type ConnectedIdentity,
  type Connection,
  createAccountOfIdentity,
  linkIdentity,
  linkIdentityByEmail,
  noteIdentityUse,
} from '../store/auth/identities.ts';
import { lockSession, type SessionRow } from '../store/auth/sessions.ts';
import { beginProvenSession, type OpenLink, redeemLink, spendChallenge } from '../store/auth/sign-ins.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { fold } from '../store/values/fold.ts';
import { uuidV7 } from '../store/values/uuid-v7.ts';
import { claimedRoles } from './claimed-roles.ts';
import type { CredentialLookUps } from './credential-look-ups.ts';
import {
  type AuthorizationChecks,
  claimOf,
  type IdentityProvider,
  type ProvenIdentity,
  unproven,
} from './identity-provider.ts';
import { connectionOf, nameOf, namesRole, provenAtOf } from './proven-identity.ts';
import type { SealedCookie } from './sealed-cookie.ts';
import { equalSecrets } from './secrets.ts';
import { hashToken, type Sessions } from './sessions.ts';
import { requireRedemption, setsPassword, wrongLink } from './sign-ins.ts';

/** What the browser keeps, sealed, while the person is at the provider. */
export interface OpenIdTransaction {
  checks: AuthorizationChecks;
  /** The path of the console to which the person goes afterwards. */
  back: string | null;
  /** The SHA-256 of a one-time link's token, in base64url. */
  linkHash: string | null;
  /** The session whose account gets the identity. */
  sessionId: string | null;
  /** Whether the provider must ask a person whom it knows, too. */
  asksAgain: boolean;
  begunAtMs: number;
}

/** A person may need some minutes at the provider, for a second factor for example. */
export const OPENID_TRANSACTION_MS = 600_000;

/** What came of a return from the provider: a new session with its token, or the present session with an identity more. */
export interface OpenIdReturn {
  session: SessionRow;
  token: string | null;
  back: string | null;
}

interface Deps {
  database: Database;
  lookUps: CredentialLookUps;
  sessions: Sessions;
  provider: IdentityProvider;
  transactions: SealedCookie<OpenIdTransaction>;
  log: FastifyBaseLogger;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** Signs people in by an identity provider. */
export class OpenIdSignIns {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Begins a sign-in. Returns the address of the provider to which the browser goes. With `session`, the account of the
   * session gets the identity, and the provider asks again; throws a 403 unless the session is new.
   */
  async begin(
    request: FastifyRequest,
    reply: FastifyReply,
    wanted: {
      redirectUri: string;
      back: string | null;
      linkToken: string | null;
      session: SessionRow | null;
      asksAgain: boolean;
    },
  ): Promise<string> {
    const { provider, sessions, transactions, clock } = this.#deps;
    if (wanted.session) sessions.requireFresh(wanted.session);
    const asksAgain = wanted.asksAgain || wanted.session !== null;
    const { location, checks } = await provider.authorize(wanted.redirectUri, { asksAgain });
    await transactions.send(request, reply, {
      checks,
      back: wanted.back,
      linkHash: wanted.linkToken === null ? null : hashToken(wanted.linkToken).toString('base64url'),
      sessionId: wanted.session?.sessionId ?? null,
      asksAgain,
      begunAtMs: clock(),
    });
    return location;
  }

  /**
   * Ends a sign-in with the query of the address to which the provider sent the browser. Throws a 401 if the answer does
   * not belong to this browser or is no proof, and a 403 if the identity has no account here.
   */
  async finish(request: FastifyRequest, reply: FastifyReply, query: string): Promise<OpenIdReturn> {
    const { provider, transactions } = this.#deps;
    const taken = await transactions.take(request, reply);
    const { value: transaction } = taken ?? {};
    const state = new URLSearchParams(query).get('state') ?? '';
    if (!taken || !transaction || !equalSecrets(state, transaction.checks.state)) throw unproven();
    const identity = await provider.prove(query, transaction.checks);
    const provenAt = provenAtOf(identity, transaction, this.#deps.clock());
    const once = async (tx: Tx) => {
      if (!(await spendChallenge(tx, hashToken(state), taken.expiresAt))) throw unproven();
    };
    const done =
      transaction.sessionId === null
        ? await this.#signIn(request, identity, { linkHash: transaction.linkHash, provenAt }, once)
        : await this.#connect(request, identity, transaction.sessionId, once);
    return { ...done, back: transaction.back };
  }

  /** Gives the account of the present session the identity. */
  async #connect(
    request: FastifyRequest,
    identity: ProvenIdentity,
    sessionId: string,
    once: (tx: Tx) => Promise<void>,
  ): Promise<Omit<OpenIdReturn, 'back'>> {
    const { database, sessions, clock } = this.#deps;
    const session = await sessions.prove(request);
    if (session?.sessionId !== sessionId) throw unproven();
    await database.inSystem(async (tx) => {
      await once(tx);
      if (!(await lockSession(tx, session))) throw unproven();
      requireConnection(await linkIdentity(tx, connectionOf(identity, new Date(clock())), session.accountId));
      await request.server.audit.addOwn(tx, request, session, 'account.identity-connected', {});
    });
    return { session, token: null };
  }

  async #signIn(
    request: FastifyRequest,
    identity: ProvenIdentity,
    { linkHash, provenAt }: { linkHash: string | null; provenAt: Date | null },
    once: (tx: Tx) => Promise<void>,
  ): Promise<Omit<OpenIdReturn, 'back'>> {
    const { database, lookUps, sessions, clock } = this.#deps;
    const at = new Date(clock());
    const tokenHash = linkHash === null ? null : Buffer.from(linkHash, 'base64url');
    const link = tokenHash && (await lookUps.openLink(tokenHash, at));
    if (tokenHash && !link) throw wrongLink();
    const replaced = await sessions.presentedHash(request);
    const { session: created, token } = sessions.create(request, 'openid');
    const enters = await database.inSystem(async (tx) => {
      await once(tx);
      const connected = link
        ? await this.#claimLink(tx, identity, link, at)
        : await this.#accountOf(tx, identity, at);
      const { accountId, identityId } = connected;
      const session = { ...created, provenAt, identityId };
      if (tokenHash && link) {
        const newName = link.kind === 'invitation' && setsPassword(link) ? nameOf(identity) : null;
        const redemption = { tokenHash, at, link, newHash: null, newName, attempt: null, session, replaced };
        requireRedemption(await redeemLink(tx, redemption));
      }
      const hasRole = await this.#applyRoles(tx, request, connected, identity, at);
      if (link) {
        // A person who does not enter has not redeemed the link, and has changed nothing.
        if (!hasRole) throw noRole();
        return true;
      }
      // What the claim took away stays taken away. A new account without a role does not.
      if (!hasRole) return false;
      if (!(await beginProvenSession(tx, { accountId, session, attempt: null, replaced })))
        throw unknownIdentity();
      return true;
    });
    if (!enters) throw noRole();
    const begun = await sessions.find(token);
    if (!begun) throw unproven();
    return { session: begun, token };
  }

  /** Connects an identity with the account of a link. Only a link that could set a password proves an account as well. */
  async #claimLink(tx: Tx, identity: ProvenIdentity, link: OpenLink, at: Date): Promise<ConnectedIdentity> {
    const { accountId } = link;
    const connection = connectionOf(identity, at);
    const known = await noteIdentityUse(tx, connection);
    if (known && known.accountId !== accountId) throw notConnected('other account');
    if (known) return known;
    if (!setsPassword(link)) {
      throw new HttpProblem(
        403,
        'The account has another way to sign in; sign in that way first, and then open the link again.',
      );
    }
    // The account loses its other identities, so their number does not count.
    const identityId = requireConnection(await linkIdentity(tx, connection, accountId, null));
    return { accountId, identityId };
  }

  /** The account of an identity. A known identity needs no address; others need what the settings allow. */
  async #accountOf(tx: Tx, identity: ProvenIdentity, at: Date): Promise<ConnectedIdentity> {
    const connection = connectionOf(identity, at);
    const known = await noteIdentityUse(tx, connection);
    if (known) return known;
    const { linkVerifiedEmail, rolesClaim } = this.#deps.provider.settings;
    const { email } = connection;
    const { email_verified: isVerified } = identity.claims;
    if (email === null) throw unknownIdentity();
    if (linkVerifiedEmail && isVerified === true) {
      const linked = await linkIdentityByEmail(tx, connection, fold(email));
      if (linked) return linked;
    }
    const hasClaim = rolesClaim !== undefined && namesRole(identity, rolesClaim);
    if (!hasClaim || isVerified === false) throw unknownIdentity();
    const accountId = uuidV7(at.getTime());
    const account = { accountId, email, emailFolded: fold(email), name: nameOf(identity) };
    if (!(await createAccountOfIdentity(tx, connection, account))) throw unknownIdentity();
    return { accountId, identityId: connection.identityId };
  }

  /** Applies the claim with the roles. Returns false if the account has no role then. */
  async #applyRoles(
    tx: Tx,
    request: FastifyRequest,
    connected: ConnectedIdentity,
    identity: ProvenIdentity,
    at: Date,
  ): Promise<boolean> {
    const { rolesClaim } = this.#deps.provider.settings;
    if (rolesClaim === undefined) return true;
    const roles = claimedRoles(claimOf(identity.claims, rolesClaim));
    const applied = await applyClaimedRoles(tx, connected, roles, at);
    await request.server.audit.addClaimed(tx, request, connected.accountId, applied);
    if (applied.kept.length > 0) {
      this.#deps.log.warn(
        { accountId: connected.accountId, organisations: applied.kept },
        'a claim takes the role from the last administrator; the role stays until there is another one',
      );
    }
    return applied.roles > 0;
  }
}

/** The id of a connected identity. Throws a 409 if it was not connected. */
function requireConnection(connection: Connection): string {
  if ('identityId' in connection) return connection.identityId;
  throw notConnected(connection.refusal);
}

function notConnected(refusal: 'other account' | 'too many'): HttpProblem {
  return new HttpProblem(
    409,
    refusal === 'too many'
      ? 'The account has too many identities; disconnect one first.'
      : 'This identity belongs to another account.',
  );
}

function noRole(): HttpProblem {
  return new HttpProblem(
    403,
    'Your identity provider gives you no role here; ask its administrator for one.',
  );
}

/** One answer for an identity without an account, and for one whose address has an account already. */
function unknownIdentity(): HttpProblem {
  return new HttpProblem(
    403,
    'This identity has no account here. Ask for an invitation; or sign in another way, and connect it under My account.',
    { failedLogin: { by: 'OpenID Connect' } },
  );
}
