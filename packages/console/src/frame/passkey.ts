import { type Change, type Reply, RollcallError } from '@rollcall/sdk';
import { browserSupportsWebAuthn, startAuthentication, startRegistration } from '@simplewebauthn/browser';

/** A passkey's answer to a challenge. */
export type PasskeyAnswer = Change<'POST /v1/session/passkey'>['credential'];

/** Whether the browser has passkeys at this address. */
export const hasPasskeys = browserSupportsWebAuthn;

/** Makes a passkey. Throws the browser's error if the person or the device refuses. */
export async function createPasskey(
  optionsJSON: Reply<'POST /v1/session/passkeys/options'>,
): Promise<Change<'POST /v1/session/passkeys'>['credential']> {
  return startRegistration({ optionsJSON: optionsJSON as never }) as never;
}

/** Lets the person choose a passkey of this address, which signs the challenge. Throws as `createPasskey`. */
export async function askPasskey(
  optionsJSON: Reply<'POST /v1/session/passkey/options'>,
): Promise<PasskeyAnswer> {
  return startAuthentication({ optionsJSON: optionsJSON as never }) as never;
}

/** Whether the browser, and not the server, refused. */
export function isRefusedByBrowser(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof RollcallError);
}
