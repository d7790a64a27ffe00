import { listAccounts } from '../store/auth/accounts.ts';
import { getKeyState } from '../store/auth/api-keys.ts';
import type { Tx } from '../store/connections/db.ts';
import type { Caller } from './caller.ts';
import type { KeyAccess } from './guard.ts';
import { peopleRolesOf } from './people-access.ts';

/** The key or the account that once sent a request. */
export interface Sender {
  kind: 'key' | 'account';
  nameFolded: string;
}

/** A route that the sender called, and who may call it. */
export interface SentTo {
  method: string;
  url: string;
  roles: KeyAccess['roles'];
  ofOffices: KeyAccess['ofOffices'];
}

/**
 * The sender as a caller, if the guard would let it call the route now. Otherwise the reason why not, for people. Reads
 * the database, so a key that was revoked a moment ago is refused.
 */
export async function callerOfSender(
  tx: Tx,
  tenantId: string,
  { sender, sentTo, nowMs }: { sender: Sender; sentTo: SentTo; nowMs: number },
): Promise<Caller | { reason: string }> {
  return sender.kind === 'key'
    ? keyOf(tx, tenantId, sender.nameFolded, sentTo, nowMs)
    : accountOf(tx, tenantId, sender.nameFolded, sentTo);
}

async function keyOf(
  tx: Tx,
  tenantId: string,
  nameFolded: string,
  { roles, ofOffices }: SentTo,
  nowMs: number,
): Promise<Caller | { reason: string }> {
  const key = await getKeyState(tx, tenantId, nameFolded);
  if (!key) return { reason: `the key ${nameFolded} no longer exists` };
  const { apiKey, role, revokedAt, expiresAt, locationIds } = key;
  if (revokedAt) return { reason: `the key ${apiKey} is revoked` };
  if (expiresAt && expiresAt.getTime() <= nowMs) return { reason: `the key ${apiKey} has expired` };
  if (!roles.includes(role))
    return { reason: `the key ${apiKey} has the role ${role}, which may not send this` };
  if (locationIds && !ofOffices)
    return { reason: `the key ${apiKey} is bound to offices, and this belongs to none` };
  const officeIds = locationIds ? new Set(locationIds) : undefined;
  return { kind: 'key', tenantId, name: apiKey, nameFolded, role, officeIds };
}

async function accountOf(
  tx: Tx,
  tenantId: string,
  nameFolded: string,
  { method, url }: SentTo,
): Promise<Caller | { reason: string }> {
  const [account] = await listAccounts(tx, { emailFolded: nameFolded });
  if (!account?.acceptedAt || account.disabledAt)
    return { reason: 'the account that sent it may no longer sign in' };
  const { role, email, accountId } = account;
  if (!peopleRolesOf({ method, url })?.includes(role))
    return { reason: `the account that sent it has the role ${role}, which may not send this` };
  return { kind: 'account', tenantId, name: email, nameFolded, role, accountId };
}
