import { Rollcall, RollcallError } from '@rollcall/sdk';
import {
  CLIENT_SECRET_ENV,
  type ClientConfig,
  clientSecretFromEnvironment,
  LOOKUP_SECRET_ENV,
  type LookupConfig,
} from '../config.ts';
import { CliError } from './errors.ts';
import { catchInterruption, Interrupted } from './interruption.ts';
import { ReachabilityMonitor } from './reachability.ts';
import { readSecret } from './secret.ts';

/** A client of the server that the settings name. The secret comes from the environment, a file, or standard input. */
export async function clientOf(
  config: ClientConfig & { secretFile?: string },
  isInputTaken = false,
): Promise<Rollcall> {
  const { key: apiKey } = config;
  if (config.baseUrl === undefined) throw new CliError('Name the server with --base-url.');
  if (apiKey === undefined) throw new CliError('Give the id of the key with --key.');
  const fromEnvironment = config.secretFile === undefined ? clientSecretFromEnvironment() : undefined;
  if (fromEnvironment === undefined && config.secretFile === undefined && isInputTaken)
    throw new CliError(
      `The events come from standard input: give the secret in ${CLIENT_SECRET_ENV} or with --secret-file.`,
    );
  const secret = fromEnvironment ?? (await readSecret(config.secretFile));
  return connect(config, apiKey, secret);
}

/** A client with the key of `--lookup-key`; undefined if the option is absent. */
export function lookupClientOf(config: ClientConfig & LookupConfig): Rollcall | undefined {
  const { lookupKey } = config;
  if (lookupKey === undefined) return undefined;
  if (config.baseUrl === undefined) throw new CliError('Name the server with --base-url.');
  const secret = clientSecretFromEnvironment(LOOKUP_SECRET_ENV);
  if (secret === undefined)
    throw new CliError(
      `Give the secret of --lookup-key in ${LOOKUP_SECRET_ENV}: other users of the machine could read an argument.`,
    );
  return connect(config, lookupKey, secret);
}

/** A client that prints when it cannot reach the server, and gives up after `--max-wait`. */
function connect(config: ClientConfig, apiKey: string, secret: string): Rollcall {
  const { baseUrl = '', authentication, region, maxWait } = config;
  const { fetch, onRetry } = new ReachabilityMonitor(baseUrl, maxWait);
  // `onRetry` decides how long the client repeats calls.
  const maxRetries = Number.POSITIVE_INFINITY;
  return new Rollcall({ baseUrl, apiKey, secret, authentication, region, maxRetries, fetch, onRetry });
}

/** For `catch`: turns an error of the client into a `CliError`. Throws `Interrupted` after an interruption. */
export function throwAsCliError(error: unknown): never {
  if (catchInterruption().aborted) throw new Interrupted();
  if (!(error instanceof RollcallError)) throw error;
  const { errors } = error as { errors?: readonly { path: string; message: string }[] };
  const [first] = errors ?? [];
  throw new CliError(`${error.name}: ${error.message}${first ? ` ${first.path}: ${first.message}` : ''}`);
}
