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
  const { privateKey, cose } = newKey();
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
  const clientData = clientDataOf('webauthn.get', challenge);
  // The person is present and verified. The device counts no signatures.
  const authenticatorData = Buffer.concat([sha256(RELYING_PARTY), Buffer.from('0500000000', 'hex')]);
  const credential = {
    ...identified(credentialId),
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

/** Makes a passkey for the account of a browser. Returns the body of the request that adds it, and the browser. */
export async function createdPasskey(
  { app }: Pick<TestServer, 'app'>,
  browser: Record<string, string>,
  credentialId: Buffer,
): Promise<{ payload: object; headers: Record<string, string> }> {
  const headers = { ...browser, host: HOST };
  const reply = await app.inject({ method: 'POST', url: '/v1/session/passkeys/options', headers });
  const { challenge } = reply.json();
  const clientData = clientDataOf('webauthn.create', challenge);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(credentialId.length);
  const authenticatorData = Buffer.concat([
    sha256(RELYING_PARTY),
    // The person is present and verified, and there is a key. No signatures, and no model of the device.
    Buffer.from('4500000000', 'hex'),
    Buffer.alloc(16),
    length,
    credentialId,
    newKey().cose,
  ]);
  // CBOR: {fmt: 'none', attStmt: {}, authData}.
  const attestation = Buffer.concat([
    Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex'),
    Buffer.from([authenticatorData.length]),
    authenticatorData,
  ]);
  const credential = {
    ...identified(credentialId),
    response: {
      clientDataJSON: clientData.toString('base64url'),
      attestationObject: attestation.toString('base64url'),
    },
    clientExtensionResults: {},
  };
  const cookies = reply.cookies.map(({ name, value }) => `${name}=${value}`);
  return {
    payload: { name: 'Phone', credential },
    headers: { ...headers, cookie: [browser.cookie, ...cookies].join('; ') },
  };
}

/** What a browser signs for a challenge, as JSON. */
function clientDataOf(type: 'webauthn.get' | 'webauthn.create', challenge: string): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin: `http://${HOST}`, crossOrigin: false }));
}

function identified(credentialId: Buffer) {
  const id = credentialId.toString('base64url');
  return { id, rawId: id, type: 'public-key' };
}

/** A key pair whose public key is in COSE format. */
function newKey(): { privateKey: KeyObject; cose: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  // In CBOR: EC2, ES256, P-256, x, y.
  const cose = Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ]);
  return { privateKey, cose };
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}
