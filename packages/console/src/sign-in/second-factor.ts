import { AuthenticationError, ValidationError } from '@rollcall/sdk';
import { clientOf } from '../frame/client.ts';
import { askPasskey, type PasskeyAnswer } from '../frame/passkey.ts';

/** Signs in. If the server wants a passkey besides, asks for it and signs in again with it. */
export async function withSecondFactor<T>(
  signIn: (passkey: { passkey?: PasskeyAnswer }) => Promise<T>,
): Promise<T> {
  try {
    return await signIn({});
  } catch (error) {
    if (!(error instanceof ValidationError) || error.errors[0]?.path !== '/passkey') throw error;
    const passkey = await askPasskey(await clientOf().session.startPasskeySignIn());
    return signIn({ passkey }).catch((failure: unknown) => {
      // The password was right, and the form must not say that it is wrong.
      throw failure instanceof AuthenticationError ? new Error(failure.detail) : failure;
    });
  }
}
