import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { ServerConfig } from '../config.ts';
import { CliError, unreadable } from './errors.ts';

/** The certificate and key of the settings; undefined if there are none. Throws `CliError` if they are unusable. */
export async function readTls({
  tlsCert,
  tlsKey,
}: ServerConfig): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new CliError('TLS needs both --tls-cert and --tls-key.');
  }
  const tls = {
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
