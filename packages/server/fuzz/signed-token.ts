import { createPrivateKey } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, type JWTHeaderParameters, SignJWT } from 'jose';
import { signingKeyContext } from '../src/auth/signing-keys.ts';
import { listSigningKeys } from '../src/store/auth/signing-keys.ts';
import type { Server } from './server.ts';

const LIFE_S = 3_600;

/** The same token with another end, in seconds from now, signed with the key of the server. */
export async function signedUntil(
  inS: number,
  token: string,
  { owner, masterKey }: Pick<Server, 'owner' | 'masterKey'>,
): Promise<string> {
  const header = decodeProtectedHeader(token);
  const keys = await owner.inSystem(listSigningKeys);
  const key = keys.find(({ kid }) => kid === header.kid);
  if (!key) throw new Error('The signing key of the token is not there.');
  const endsAtS = Math.floor(Date.now() / 1_000) + inS;
  return new SignJWT({ ...decodeJwt(token), iat: endsAtS - LIFE_S, exp: endsAtS })
    .setProtectedHeader(header as JWTHeaderParameters)
    .sign(createPrivateKey(masterKey.open(key.privateKeySealed, signingKeyContext(key.kid))));
}
