import type { Tx } from '../connections/db.ts';

/** A passkey as its own account's list shows it. */
export interface ListedPasskey {
  credentialId: Buffer;
  name: string;
  /** Whether the authenticator keeps copies on other devices. */
  backedUp: boolean;
  transports: string[];
  createdAt: Date;
  lastUsedAt: Date | null;
}

/** A passkey to verify a signature with, and the account that it proves. */
export interface KnownPasskey {
  accountId: string;
  email: string;
  emailFolded: string;
  /** In COSE format. */
  publicKey: Buffer;
  signCount: number;
  transports: string[];
}

/** A passkey to store. */
export interface NewPasskey {
  credentialId: Buffer;
  /** In COSE format. */
  publicKey: Buffer;
  signCount: number;
  backedUp: boolean;
  transports: string[];
  name: string;
  at: Date;
}

/** The passkeys of an account, the oldest first. */
export async function listPasskeys(tx: Tx, accountId: string): Promise<ListedPasskey[]> {
  const { rows } = await tx.query<ListedPasskey>(
    `SELECT credential_id AS "credentialId", name, backed_up AS "backedUp", transports, created_at AS "createdAt",
            last_used_at AS "lastUsedAt"
     FROM passkeys_of_account($1)`,
    [accountId],
  );
  return rows;
}

/** The passkey with this id; undefined if no account has it. */
export async function findPasskey(tx: Tx, credentialId: Buffer): Promise<KnownPasskey | undefined> {
  const { rows } = await tx.query<Omit<KnownPasskey, 'signCount'> & { signCount: string }>(
    `SELECT account_id AS "accountId", email, email_folded AS "emailFolded", public_key AS "publicKey",
            sign_count AS "signCount", transports
     FROM find_passkey($1)`,
    [credentialId],
  );
  const [row] = rows;
  return row && { ...row, signCount: Number(row.signCount) };
}

/** Whether a password or a link of the account is not enough without a passkey. */
export async function requiresPasskey(tx: Tx, accountId: string): Promise<boolean> {
  const { rows } = await tx.query<{ required: boolean }>('SELECT requires_passkey($1) AS required', [
    accountId,
  ]);
  return rows[0]?.required ?? false;
}

/** Stores a passkey of an account, which may have at most `most`. `known`: an account has the passkey already. */
export async function addPasskey(
  tx: Tx,
  accountId: string,
  passkey: NewPasskey,
  most: number,
): Promise<'done' | 'known' | 'too many'> {
  const { rows } = await tx.query<{ outcome: 'done' | 'known' | 'too many' }>(
    'SELECT add_passkey($1, $2, $3, $4, $5, $6, $7, $8, $9) AS outcome',
    [
      accountId,
      passkey.credentialId,
      passkey.publicKey,
      passkey.signCount,
      passkey.backedUp,
      passkey.transports,
      passkey.name,
      passkey.at,
      most,
    ],
  );
  return rows[0]?.outcome ?? 'known';
}

/** Returns false if the account has no such passkey. */
export async function renamePasskey(
  tx: Tx,
  accountId: string,
  { credentialId, name }: { credentialId: Buffer; name: string },
): Promise<boolean> {
  const { rows } = await tx.query<{ done: boolean }>('SELECT rename_passkey($1, $2, $3) AS done', [
    accountId,
    credentialId,
    name,
  ]);
  return rows[0]?.done ?? false;
}

/** What became of the wish to remove a passkey. */
export type PasskeyRemoval = 'done' | 'required' | 'last way' | 'unknown';

/**
 * Removes a passkey. `required`: the account requires a passkey, and has no other one. `last way`: the account could not
 * sign in any more; `usableIssuer` is the identity provider of the server.
 */
export async function removePasskey(
  tx: Tx,
  accountId: string,
  credentialId: Buffer,
  usableIssuer: string | null,
): Promise<PasskeyRemoval> {
  const { rows } = await tx.query<{ outcome: PasskeyRemoval }>(
    'SELECT remove_passkey($1, $2, $3) AS outcome',
    [accountId, credentialId, usableIssuer],
  );
  return rows[0]?.outcome ?? 'unknown';
}

/** Stores that a passkey has signed. Returns false if it has signed something else since it was read. */
export async function notePasskeyUse(
  tx: Tx,
  use: { credentialId: Buffer; seenCount: number; newCount: number; backedUp: boolean; at: Date },
): Promise<boolean> {
  const { rows } = await tx.query<{ done: boolean }>('SELECT use_passkey($1, $2, $3, $4, $5) AS done', [
    use.credentialId,
    use.seenCount,
    use.newCount,
    use.backedUp,
    use.at,
  ]);
  return rows[0]?.done ?? false;
}
