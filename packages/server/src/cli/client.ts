import { Rollcall, RollcallError } from '@rollcall/sdk';
import { CLIENT_SECRET_ENV, type ClientConfig, clientSecretFromEnvironment } from '../config.ts';
import { CliError } from './errors.ts';
import { catchInterruption, Interrupted } from './interruption.ts';
import { readSecret } from './secret.ts';

/** A few minutes of a server that is away. */
const MOST_RETRIES = 12;

/** A client of the server that the settings name. The secret comes from the environment, a file, or standard input. */
export async function clientOf(
  config: ClientConfig & { secretFile?: string },
  isInputTaken = false,
): Promise<Rollcall> {
  const { baseUrl, key: apiKey, authentication, region } = config;
  if (baseUrl === undefined) throw new CliError('Which server? Give --base-url.');
  if (apiKey === undefined) throw new CliError('Which key? Give its id with --key.');
  const fromEnvironment = config.secretFile === undefined ? clientSecretFromEnvironment() : undefined;
  if (fromEnvironment === undefined && config.secretFile === undefined && isInputTaken)
    throw new CliError(
      `Standard input is the file: give the secret in ${CLIENT_SECRET_ENV} or with --secret-file.`,
    );
  const secret = fromEnvironment ?? (await readSecret(config.secretFile));
  return new Rollcall({ baseUrl, apiKey, secret, authentication, region, maxRetries: MOST_RETRIES });
}

/** For `catch`: what a server refused, or did not answer, as a sentence; an interruption as such. */
export function spoken(error: unknown): never {
  if (catchInterruption().aborted) throw new Interrupted();
  if (!(error instanceof RollcallError)) throw error;
  const { errors } = error as { errors?: readonly { path: string; message: string }[] };
  const [first] = errors ?? [];
  throw new CliError(`${error.name}: ${error.message}${first ? ` ${first.path}: ${first.message}` : ''}`);
}
