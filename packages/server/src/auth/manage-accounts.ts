import type { AccountRole } from '../store/auth/account-roles.ts';
import {
  type AccountWithRoles,
  type Belonging,
  insertLink,
  insertMember,
  inviteAccount,
  type LinkKind,
  listAllAccounts,
  renewAccountLink,
  setDisabled,
} from '../store/auth/accounts.ts';
import { type ForgottenMethods, forgetSignInMethods } from '../store/auth/identities.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { fold } from '../store/values/fold.ts';
import { uuidV7 } from '../store/values/uuid-v7.ts';
import { generateToken, hashToken } from './sessions.ts';
import { emailFault } from './sign-ins.ts';

const MINUTE_MS = 60_000;
/** A link for a person who waits for it. */
export const LINK_LIFE_MS = 15 * MINUTE_MS;
/** An invitation waits in a mailbox, also over a weekend. */
export const INVITATION_LIFE_MS = 7 * 24 * 60 * MINUTE_MS;

/** An account cannot be found or changed as requested. `message` is one sentence for the operator. */
export class AccountError extends Error {}

/** A one-time link. No other call returns the token. */
export interface ShownLink {
  token: string;
  expiresAt: Date;
}

export interface NewInvitation {
  email: string;
  name: string | null;
  role: AccountRole;
}

/** The address of a link: absolute with a base URL, else the path. The fragment never reaches a log or another server. */
export function linkAddress(token: string, baseUrl = ''): string {
  return `${baseUrl}/console/sign-in#token=${token}`;
}

/**
 * Invites an address to the organisation that the transaction has entered. The role counts when the person accepts.
 * Returns undefined if the account has a role there already.
 */
export async function invite(
  tx: Tx,
  { email, name, role }: NewInvitation,
  nowMs: number,
): Promise<(ShownLink & { accountId: string }) | undefined> {
  const token = generateToken();
  const expiresAt = new Date(nowMs + INVITATION_LIFE_MS);
  const accountId = await inviteAccount(tx, {
    newAccountId: uuidV7(nowMs),
    email,
    emailFolded: fold(email),
    name,
    role,
    at: new Date(nowMs),
    linkHash: hashToken(token),
    linkExpiresAt: expiresAt,
  });
  return accountId === undefined ? undefined : { accountId, token, expiresAt };
}

/**
 * A new invitation for an account that is `invited`, or a link for another password for one that belongs to the
 * organisation `alone`. The link is good for nothing if the account belongs otherwise.
 */
export async function renewLink(
  tx: Tx,
  accountId: string,
  nowMs: number,
): Promise<ShownLink & { belongs: Belonging }> {
  const token = generateToken();
  const [invitedUntil, resetUntil] = [new Date(nowMs + INVITATION_LIFE_MS), new Date(nowMs + LINK_LIFE_MS)];
  const belongs = await renewAccountLink(tx, accountId, { hash: hashToken(token), invitedUntil, resetUntil });
  return { belongs, token, expiresAt: belongs === 'invited' ? invitedUntil : resetUntil };
}

interface Deps {
  /** Connects as the owner. */
  owner: Database;
  clock: () => number;
}

/** Invites an address to an organisation, for the operator. Throws `AccountError`. */
export async function createAccount(
  { tenantId, ...invitation }: NewInvitation & { tenantId: string },
  { owner, clock }: Deps,
): Promise<ShownLink> {
  const fault = emailFault(invitation.email);
  if (fault !== undefined) throw new AccountError(`"${invitation.email}" ${fault}.`);
  const link = await owner.inTenant(tenantId, (tx) => invite(tx, invitation, clock()));
  if (!link) {
    throw new AccountError(
      `${invitation.email} has a role in this organisation already; "rollcall admins reset" makes a new link.`,
    );
  }
  return link;
}

/** All accounts with their roles. */
export function allAccounts(owner: Database): Promise<AccountWithRoles[]> {
  return owner.inSystem((tx) => listAllAccounts(tx));
}

/** A link of the operator. */
export interface OperatorLink extends ShownLink {
  /** What the account has lost by it: a link for another password starts over. */
  forgotten: ForgottenMethods;
}

/**
 * A link for any account: `reset` sets a password, `link` signs in without one. `reset` also disconnects the identities
 * and passkeys of the account and ends its sessions, at once, because somebody else may have added them. An account that
 * has accepted no role yet gets a new invitation instead. Throws `AccountError`.
 */
export async function createLink(
  { email, kind }: { email: string; kind: Exclude<LinkKind, 'invitation'> },
  { owner, clock }: Deps,
): Promise<OperatorLink> {
  const { accountId, roles } = await owner.inSystem((tx) => accountOf(tx, email));
  const forgotten =
    kind === 'reset'
      ? await owner.inSystem((tx) => forgetSignInMethods(tx, accountId))
      : { identities: 0, passkeys: 0 };
  const [first] = roles;
  if (first && !roles.some(({ isAccepted }) => isAccepted)) {
    const renewed = await owner.inTenant(first.tenantId, (tx) => renewLink(tx, accountId, clock()));
    if (renewed.belongs === 'invited') return { ...renewed, forgotten };
  }
  const token = generateToken();
  const expiresAt = new Date(clock() + LINK_LIFE_MS);
  await owner.inSystem((tx) => insertLink(tx, { tokenHash: hashToken(token), accountId, kind, expiresAt }));
  return { token, expiresAt, forgotten };
}

/** Disables an account and ends its sessions at once, or enables it again. Throws `AccountError`. */
export async function disableAccount(
  { email, isDisabled }: { email: string; isDisabled: boolean },
  { owner, clock }: Deps,
): Promise<void> {
  await owner.inSystem(async (tx) => {
    const { accountId } = await accountOf(tx, email);
    await setDisabled(tx, accountId, isDisabled ? new Date(clock()) : null);
  });
}

/** Makes an account with a role that needs no acceptance, unless it is there, for an organisation of the operator's own. */
export async function ensureMember(
  { tenantId, email, name, role }: { tenantId: string; email: string; name: string; role: AccountRole },
  { owner, clock }: Deps,
): Promise<void> {
  const nowMs = clock();
  const member = { accountId: uuidV7(nowMs), email, emailFolded: fold(email), name, tenantId, role };
  await owner.inSystem((tx) => insertMember(tx, { ...member, at: new Date(nowMs) }));
}

async function accountOf(tx: Tx, email: string): Promise<AccountWithRoles> {
  const [account] = await listAllAccounts(tx, fold(email));
  if (!account) throw new AccountError(`There is no account with the address ${email}.`);
  return account;
}
