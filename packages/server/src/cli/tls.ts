import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { ServerConfig } from '../config.ts';
import { CliError, unreadable } from './errors.ts';

/**
 * What Mozilla calls intermediate compatibility (https://wiki.mozilla.org/Security/Server_Side_TLS): TLS 1.3, and TLS 1.2
 * with forward secrecy and authenticated encryption. No option of Node.js makes it weaker.
 */
const SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
];

/** The TLS of the settings; undefined if they have no certificate. Throws `CliError` if certificate or key are unusable. */
export async function readTls({ tlsCert, tlsKey }: ServerConfig): Promise<SecureContextOptions | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new CliError('TLS needs both --tls-cert and --tls-key.');
  }
  const tls: SecureContextOptions = {
    minVersion: 'TLSv1.2',
    ciphers: SUITES.join(':'),
    honorCipherOrder: true,
    cert: await readFile(tlsCert).catch(unreadable(tlsCert)),
    key: await readFile(tlsKey).catch(unreadable(tlsKey)),
  };
  try {
    createSecureContext(tls);
  } catch (error) {
    const { reason, message } = error as Error & { reason?: string };
    throw new CliError(`TLS cannot use ${tlsCert} with ${tlsKey}: ${reason ?? message}.`);
  }
  return tls;
}
