import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { addPasskey } from '../../src/store/auth/passkeys.ts';
import type { TestServer } from './server.ts';
import { SAME_ORIGIN } from './sessions.ts';

const RELYING_PARTY = 'localhost';
const HOST = 'localhost:8080';

/** A device with one passkey, which signs as Web Authentication says. */
export interface Authenticator {
  credentialId: Buffer;
  privateKey: KeyObject;
}

/** A device whose passkey the account of this address has already. */
export async function authenticatorOf(
  { db, clock }: Pick<TestServer, 'db' | 'clock'>,
  { email, credentialId }: { email: string; credentialId: Buffer },
): Promise<Authenticator> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  // A COSE key in CBOR: EC2, ES256, P-256, x, y.
  const cose = Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ]);
  const passkey = { credentialId, publicKey: cose, signCount: 0, backedUp: false, transports: [] };
  await db.owner.inSystem(async (tx) => {
    const { rows } = await tx.query<{ id: string }>(
      'SELECT account_id AS id FROM accounts WHERE email_folded = $1',
      [email],
    );
    const at = new Date(clock.nowMs);
    await addPasskey(tx, rows[0]?.id ?? '', { ...passkey, name: 'Laptop', at }, 1);
  });
  return { credentialId, privateKey };
}

/** Lets the device answer a challenge of the server. Returns the answer, and the headers of the browser that has it. */
export async function answerOf(
  { app }: Pick<TestServer, 'app'>,
  { credentialId, privateKey }: Authenticator,
): Promise<{ credential: object; headers: Record<string, string> }> {
  const headers = { ...SAME_ORIGIN, host: HOST };
  const reply = await app.inject({ method: 'POST', url: '/v1/session/passkey/options', headers });
  const { challenge } = reply.json();
  const clientData = Buffer.from(
    JSON.stringify({ type: 'webauthn.get', challenge, origin: `http://${HOST}`, crossOrigin: false }),
  );
  // The person is present and verified. The device counts no signatures.
  const authenticatorData = Buffer.concat([sha256(RELYING_PARTY), Buffer.from('0500000000', 'hex')]);
  const id = credentialId.toString('base64url');
  const credential = {
    id,
    rawId: id,
    type: 'public-key',
    response: {
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: authenticatorData.toString('base64url'),
      signature: sign('sha256', Buffer.concat([authenticatorData, sha256(clientData)]), privateKey).toString(
        'base64url',
      ),
      userHandle: null,
    },
    authenticatorAttachment: null,
    clientExtensionResults: {},
  };
  const cookie = reply.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  return { credential, headers: { ...headers, cookie } };
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
