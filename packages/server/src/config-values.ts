import { isIP } from 'node:net';
import { checkDatabaseUrl, DatabaseUrlError } from './store/connections/database-url.ts';

/** A text is not a value of its setting. The message is one sentence with the allowed values. */
export class InvalidSettingError extends Error {}

// The parsers of settings. Each throws InvalidSettingError for an invalid text, and the command line shows its message.

/** A text that is not empty: an empty path would be the working directory. */
export const text = (value: string): string => {
  if (value === '') throw new InvalidSettingError('It must not be empty.');
  return value;
};

export const whole =
  (minimum: number, maximum: number) =>
  (value: string): number => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < minimum || number > maximum) {
      throw new InvalidSettingError(`It must be a whole number from ${minimum} to ${maximum}.`);
    }
    return number;
  };

export const oneOf =
  <const T extends string>(...choices: T[]) =>
  (value: string): T => {
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw new InvalidSettingError(`It must be one of ${choices.join(', ')}.`);
    return found;
  };

export const httpUrl = (value: string): string => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new InvalidSettingError('It must be an http(s) URL without a query.');
  }
  refuseUser(url);
  return value.replace(/\/+$/, '');
};

/** An issuer of OpenID Connect, as the provider writes it. Plain http is for this machine only. */
export const issuerUrl = (value: string): string => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isLocal = url && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const isSound = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal);
  if (!url || !isSound || url.search !== '' || url.hash !== '') {
    throw new InvalidSettingError('It must be an https URL without a query, or http on this machine.');
  }
  refuseUser(url);
  return value;
};

/** These URLs get into logs, tokens and pages, and HTTP clients refuse them with a user. */
function refuseUser({ username, password }: URL): void {
  if (username !== '' || password !== '')
    throw new InvalidSettingError('It must be a URL without a user name and a password.');
}

/** A program with `***` for its arguments, because one of them may be a secret. */
export const withoutArguments = (command: string): string => command.trim().replace(/\s+.*$/s, ' ***');

export const postgresUrl = (value: string): string => {
  try {
    checkDatabaseUrl(value);
  } catch (error) {
    throw error instanceof DatabaseUrlError ? new InvalidSettingError(error.message) : error;
  }
  return value;
};

/** A URL with `***` for its passwords. */
export const withoutPassword = (url: string): string =>
  url.replace(/^([^:/]+:\/\/[^:/@?]*):[^?]*@/, '$1:***@').replace(/([?&](?:ssl)?password=)[^&]*/gi, '$1***');

/**
 * `true`: every proxy. `false`: none. Otherwise a comma list of addresses and networks, as Fastify's trustProxy takes
 * it.
 */
export const proxies = (value: string): string | boolean => {
  if (value === 'true' || value === 'false') return value === 'true';
  if (!value.split(',').every((proxy) => isNetwork(proxy.trim()))) {
    throw new InvalidSettingError('It must be true, or IP addresses and networks such as 10.0.0.0/8.');
  }
  return value;
};

/** A comma list of origins (RFC 6454 section 6.2), each as a browser sends it. */
export const origins = (value: string): string[] =>
  value.split(',').map((item) => {
    const text = item.trim();
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isOrigin = url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
    if (!isOrigin) {
      throw new InvalidSettingError(
        'It must be origins such as https://app.example.com, separated by commas, without paths and without *.',
      );
    }
    return url.origin;
  });

const NAMED_NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];

function isNetwork(text: string): boolean {
  const [address = '', prefix = '1', ...rest] = text.split('/');
  const version = isIP(address);
  const bits = Number(prefix);
  const isSound = /^\d+$/.test(prefix) && bits >= 1 && bits <= (version === 6 ? 128 : 32);
  return NAMED_NETWORKS.includes(text) || (version !== 0 && isSound && rest.length === 0);
}
