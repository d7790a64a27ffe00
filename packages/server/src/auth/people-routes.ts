import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Database } from '../store/connections/db.ts';
import { accountRoutes } from './account-routes.ts';
import type { CredentialLookUps } from './credential-look-ups.ts';
import { IdentityProvider, type OpenIdSettings } from './identity-provider.ts';
import { identityRoutes } from './identity-routes.ts';
import { openIdRoutes } from './openid-routes.ts';
import { OPENID_TRANSACTION_MS, OpenIdSignIns, type OpenIdTransaction } from './openid-sign-ins.ts';
import { PasskeySignIns } from './passkey-sign-ins.ts';
import { PASSKEY_CHALLENGE_MS, type PasskeyChallenge, Passkeys } from './passkeys.ts';
import { Passwords } from './passwords.ts';
import { SealedCookie } from './sealed-cookie.ts';
import type { Sealer } from './secrets.ts';
import { passkeyRoutes } from './session-passkey-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import type { Sessions } from './sessions.ts';
import { setUpRoutes } from './set-up-routes.ts';
import { SignIns } from './sign-ins.ts';

export interface PeopleRoutesOptions {
  database: Database;
  lookUps: CredentialLookUps;
  sessions: Sessions;
  masterKey: Sealer;
  /** The GUID of this instance. */
  instanceId: () => Promise<string>;
  /** Milliseconds since the epoch. */
  clock: () => number;
  log: FastifyBaseLogger;
  publicUrl: string | undefined;
  /** Undefined without an identity provider. */
  openId: OpenIdSettings | undefined;
}

/** How people sign in by each method, their own account, and the accounts of an organisation. */
export async function peopleRoutes(app: FastifyInstance, options: PeopleRoutesOptions): Promise<void> {
  const { database, lookUps, sessions, clock, log, publicUrl } = options;
  const challenges = new SealedCookie<PasskeyChallenge>('passkey', PASSKEY_CHALLENGE_MS, options);
  const passkeys = new Passkeys({ database, challenges, publicUrl });
  const passkeySignIns = new PasskeySignIns({ database, sessions, passkeys, clock });
  const passwords = new Passwords();
  const signIns = new SignIns({ database, lookUps, sessions, passwords, clock });
  await app.register(sessionRoutes, { database, sessions, signIns, passkeySignIns, clock });
  const usableIssuer = options.openId?.issuer ?? null;
  await app.register(passkeyRoutes, { database, sessions, passkeys, passkeySignIns, usableIssuer, clock });
  await app.register(identityRoutes, { database, sessions, usableIssuer });
  await app.register(setUpRoutes, { database, lookUps, sessions, passwords, clock });
  const openId = options.openId && {
    settings: options.openId,
    signIns: new OpenIdSignIns({
      database,
      lookUps,
      sessions,
      provider: new IdentityProvider(options.openId, clock),
      transactions: new SealedCookie<OpenIdTransaction>('openid', OPENID_TRANSACTION_MS, options),
      log,
      clock,
    }),
  };
  await app.register(openIdRoutes, { sessions, openId, publicUrl });
  await app.register(accountRoutes, { database, clock, publicUrl });
}
