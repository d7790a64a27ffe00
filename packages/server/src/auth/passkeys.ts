import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import {
  type KnownPasskey,
  type ListedPasskey,
  listPasskeys,
  type NewPasskey,
  notePasskeyUse,
} from '../store/auth/passkeys.ts';
import type { SessionRow } from '../store/auth/sessions.ts';
import { spendChallenge } from '../store/auth/sign-ins.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import type { SealedCookie } from './sealed-cookie.ts';
import { hashToken } from './sessions.ts';

/** A challenge that a browser has, sealed. */
export interface PasskeyChallenge {
  challenge: string;
  /** The account that gets a passkey; null for a sign-in. */
  accountId: string | null;
}

/** How long a person may take to unlock the device. */
export const PASSKEY_CHALLENGE_MS = 300_000;

/** To whom passkeys belong: browsers use a passkey at addresses of this domain only. */
export interface RelyingParty {
  /** A domain. */
  id: string;
  /** Of the page that asks for the passkey. */
  origin: string;
}

/** A verified signature. `use` notes it in the transaction that signs in; false: it was used already. */
export interface VerifiedPasskey {
  accountId: string;
  use(tx: Tx, at: Date): Promise<boolean>;
}

/** A challenge that the request's browser had, and until when it counts. */
export interface AnsweredChallenge extends PasskeyChallenge {
  expiresAt: Date;
}

/** The answer of a device, with the passkey that it names and the challenge that the browser had. */
export interface PasskeyToVerify {
  response: AuthenticationResponseJSON;
  passkey: KnownPasskey;
  answered: AnsweredChallenge | undefined;
}

interface Deps {
  database: Database;
  challenges: SealedCookie<PasskeyChallenge>;
  publicUrl: string | undefined;
}

/** The domain of passkeys: that of the public URL, else this machine. */
export function relyingPartyId(publicUrl: string | undefined): string {
  return publicUrl === undefined ? 'localhost' : new URL(publicUrl).hostname;
}

/** Makes challenges for passkeys, and verifies what devices answer (WebAuthn level 2, sections 7.1 and 7.2). */
export class Passkeys {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Throws a 400 if the browser is at an address that has no passkeys. */
  relyingParty(request: FastifyRequest): RelyingParty {
    const { publicUrl } = this.#deps;
    const id = relyingPartyId(publicUrl);
    const address = `${request.protocol}://${request.host}`;
    // The header Host may be any text.
    const own = URL.canParse(address) ? new URL(address) : undefined;
    const origin = publicUrl === undefined ? own?.origin : new URL(publicUrl).origin;
    if (own && origin === own.origin && own.hostname === id) return { id, origin };
    const port = own?.port ? `:${own.port}` : '';
    const right = publicUrl ?? `http://localhost${port}`;
    throw new HttpProblem(400, `Passkeys work at ${right} only; open the console there.`);
  }

  /** What a browser needs to make a passkey for the account of a session. */
  async creationOptions(
    request: FastifyRequest,
    reply: FastifyReply,
    session: SessionRow,
  ): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const { database, challenges } = this.#deps;
    const { id: rpID } = this.relyingParty(request);
    const { generateRegistrationOptions } = await import('@simplewebauthn/server');
    const known = await database.inSystem((tx) => listPasskeys(tx, session.accountId));
    const options = await generateRegistrationOptions({
      rpName: 'Rollcall',
      rpID,
      userName: session.email,
      userDisplayName: session.name ?? session.email,
      userID: userHandleOf(session.accountId),
      attestationType: 'none',
      timeout: PASSKEY_CHALLENGE_MS,
      excludeCredentials: known.map(descriptorOf),
      // A passkey alone must name the account and prove the person.
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    await challenges.send(request, reply, { challenge: options.challenge, accountId: session.accountId });
    return options;
  }

  /** The passkey that a browser has made. Throws a 400 if it is no answer to the challenge of this browser. */
  async verifyCreation(
    request: FastifyRequest,
    reply: FastifyReply,
    session: SessionRow,
    response: RegistrationResponseJSON,
  ): Promise<Omit<NewPasskey, 'name' | 'at'> & { spend(tx: Tx): Promise<boolean> }> {
    const answered = await this.takeChallenge(request, reply);
    const { id, origin } = this.relyingParty(request);
    if (answered?.accountId !== session.accountId) throw notCreated();
    const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
    const { registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: answered.challenge,
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
    }).catch((cause: unknown) => {
      throw notCreated(cause);
    });
    if (!registrationInfo) throw notCreated();
    const { credential, credentialBackedUp } = registrationInfo;
    return {
      credentialId: Buffer.from(credential.id, 'base64url'),
      publicKey: Buffer.from(credential.publicKey),
      signCount: credential.counter,
      backedUp: credentialBackedUp,
      transports: credential.transports ?? [],
      spend: (tx) => spendChallenge(tx, hashToken(answered.challenge), answered.expiresAt),
    };
  }

  /** What a browser needs to sign in. It names no account, so everybody gets the same. */
  async requestOptions(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const { id: rpID } = this.relyingParty(request);
    const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
    const options = await generateAuthenticationOptions({
      rpID,
      userVerification: 'required',
      timeout: PASSKEY_CHALLENGE_MS,
    });
    await this.#deps.challenges.send(request, reply, { challenge: options.challenge, accountId: null });
    return options;
  }

  /** The challenge that this browser has, once. */
  async takeChallenge(request: FastifyRequest, reply: FastifyReply): Promise<AnsweredChallenge | undefined> {
    const taken = await this.#deps.challenges.take(request, reply);
    return taken && { ...taken.value, expiresAt: taken.expiresAt };
  }

  /** Verifies a signature by a known passkey. Undefined if it is wrong, or if the passkey seems to be a copy. */
  async verify(
    request: FastifyRequest,
    { response, passkey, answered }: PasskeyToVerify,
  ): Promise<VerifiedPasskey | undefined> {
    const { id, origin } = this.relyingParty(request);
    if (!answered || answered.accountId !== null) return undefined;
    const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: answered.challenge,
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
      credential: {
        id: response.id,
        publicKey: new Uint8Array(passkey.publicKey),
        counter: passkey.signCount,
        transports: passkey.transports as never,
      },
      // The library throws for a malformed answer, and for a count that does not rise.
    }).catch(() => ({ verified: false, authenticationInfo: undefined }));
    if (!verified || !authenticationInfo) return undefined;
    // Null is as good as absent.
    const userHandle = response.response.userHandle ?? undefined;
    if (
      userHandle !== undefined &&
      !userHandleOf(passkey.accountId).equals(Buffer.from(userHandle, 'base64url'))
    )
      return undefined;
    const { newCounter, credentialBackedUp } = authenticationInfo;
    return {
      accountId: passkey.accountId,
      use: async (tx, at) =>
        (await spendChallenge(tx, hashToken(answered.challenge), answered.expiresAt)) &&
        notePasskeyUse(tx, {
          credentialId: Buffer.from(response.id, 'base64url'),
          seenCount: passkey.signCount,
          newCount: newCounter,
          backedUp: credentialBackedUp,
          at,
        }),
    };
  }
}

/** The bytes of the account's id. Devices keep them, and they say nothing about the person. */
function userHandleOf(accountId: string): Buffer<ArrayBuffer> {
  return Buffer.from(accountId.replaceAll('-', ''), 'hex');
}

function descriptorOf({ credentialId, transports }: ListedPasskey) {
  return { id: credentialId.toString('base64url'), transports: transports as never };
}

function notCreated(cause?: unknown): HttpProblem {
  return new HttpProblem(400, 'The passkey does not answer the challenge of this browser; begin again.', {
    cause,
  });
}
