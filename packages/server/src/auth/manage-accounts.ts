import { accountSubject } from '../http/audit/entry.ts';
import { addOperatorEntry } from '../http/audit/operator.ts';
import type { AccountRole } from '../store/auth/account-roles.ts';
import {
  type AccountWithRoles,
  type Belonging,
  insertLink,
  insertMember,
  inviteAccount,
  listAllAccounts,
  lockAddress,
  renewAccountLink,
  type StartOver,
  setDisabled,
  startOver,
} from '../store/auth/accounts.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { fold } from '../store/values/fold.ts';
import { uuidV7 } from '../store/values/uuid-v7.ts';
import { emailFault } from './account-texts.ts';
import { generateToken, hashToken } from './sessions.ts';

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
  const link = await owner.inTenant(tenantId, async (tx) => {
    const invited = await invite(tx, invitation, clock());
    const { email, role } = invitation;
    if (invited)
      await addOperatorEntry(tx, 'account.invited', {
        ...{ tenantId, metadata: { role }, atMs: clock() },
        targets: [accountSubject({ accountId: invited.accountId, email })],
      });
    return invited;
  });
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

/** A link by which the person of an account signs in once, without a password. Throws `AccountError`. */
export function createLink({ email }: { email: string }, { owner, clock }: Deps): Promise<ShownLink> {
  return owner.inSystem(async (tx) => {
    const { accountId } = await accountOf(tx, email);
    const token = generateToken();
    const expiresAt = new Date(clock() + LINK_LIFE_MS);
    await insertLink(tx, { tokenHash: hashToken(token), accountId, kind: 'link', expiresAt });
    return { token, expiresAt };
  });
}

/**
 * Takes all ways to sign in from an account, at once, because somebody else may have made them. Makes a link by which the
 * person sets a password or connects an identity. An account that has accepted no role yet gets a new invitation
 * instead. Throws `AccountError`, and changes nothing then.
 */
export function resetAccount(
  { email }: { email: string },
  { owner, clock }: Deps,
): Promise<ShownLink & { startedOver: StartOver }> {
  return owner.inSystem(async (tx) => {
    await lockAddress(tx, fold(email));
    const account = await accountOf(tx, email);
    const { accountId, roles } = account;
    const nowMs = clock();
    const startedOver = await startOver(tx, accountId, new Date(nowMs));
    const token = generateToken();
    const common = { tokenHash: hashToken(token), accountId };
    const [first] = roles;
    const isInvited = first && !roles.some(({ isAccepted }) => isAccepted);
    const expiresAt = new Date(nowMs + (isInvited ? INVITATION_LIFE_MS : LINK_LIFE_MS));
    if (isInvited)
      await insertLink(tx, { ...common, kind: 'invitation', tenantId: first.tenantId, expiresAt });
    else await insertLink(tx, { ...common, kind: 'reset', expiresAt });
    await noteInAll(tx, account, 'account.link-made', nowMs);
    return { token, expiresAt, startedOver };
  });
}

/** Disables an account and ends its sessions at once, or enables it again. Throws `AccountError`. */
export async function disableAccount(
  { email, isDisabled }: { email: string; isDisabled: boolean },
  { owner, clock }: Deps,
): Promise<void> {
  await owner.inSystem(async (tx) => {
    const account = await accountOf(tx, email);
    await setDisabled(tx, account.accountId, isDisabled ? new Date(clock()) : null);
    await noteInAll(tx, account, isDisabled ? 'account.disabled' : 'account.enabled', clock());
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

/** Adds an entry to each organisation of an account. The transaction has entered the last one afterwards. */
async function noteInAll(
  tx: Tx,
  { roles, ...account }: AccountWithRoles,
  action: 'account.link-made' | 'account.disabled' | 'account.enabled',
  atMs: number,
): Promise<void> {
  for (const tenantId of new Set(roles.map((role) => role.tenantId)))
    await addOperatorEntry(tx, action, { tenantId, targets: [accountSubject(account)], metadata: {}, atMs });
}

async function accountOf(tx: Tx, email: string): Promise<AccountWithRoles> {
  const [account] = await listAllAccounts(tx, fold(email));
  if (!account) throw new AccountError(`There is no account with the address ${email}.`);
  return account;
}
