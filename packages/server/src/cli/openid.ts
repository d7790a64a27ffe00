import { readFile } from 'node:fs/promises';
import { clientSecretFromEnvironment, type ServerConfig } from '../config.ts';
import { OIDC_CLIENT_SECRET_ENV } from '../config-sign-in.ts';
import { CliError, unreadable } from './errors.ts';

/**
 * The secret of the client at the identity provider; undefined for a public client, or without a provider. Throws
 * `CliError` if the settings of OpenID Connect do not go together.
 */
export async function readOidcClientSecret({
  oidcIssuer,
  oidcClientId,
  oidcClientSecretFile: file,
}: Pick<ServerConfig, 'oidcIssuer' | 'oidcClientId' | 'oidcClientSecretFile'>): Promise<string | undefined> {
  if ((oidcIssuer === undefined) !== (oidcClientId === undefined)) {
    throw new CliError('OpenID Connect needs both --oidc-issuer and --oidc-client-id.');
  }
  if (oidcIssuer === undefined) return undefined;
  if (file === undefined) return clientSecretFromEnvironment(OIDC_CLIENT_SECRET_ENV);
  const secret = (await readFile(file, 'utf8').catch(unreadable(file))).trim();
  if (secret === '') throw new CliError(`The file ${file} is empty; it must have the secret of the client.`);
  return secret;
}
