import type { FastifyBaseLogger } from 'fastify';
import type { Monitor } from './monitoring/monitor.ts';
import { networkOf } from './network.ts';

/** The ways of a login. */
export const LOGIN_METHODS = [
  'HMAC',
  'client credentials',
  'Basic',
  'Bearer token',
  'SCIM token',
  'password',
  'link',
  'OpenID Connect',
  'passkey',
] as const;

/** Refused credentials, without the secret. */
export interface FailedLogin {
  by: (typeof LOGIN_METHODS)[number];
  /** The id of the key, as it was sent. */
  apiKey?: string | undefined;
  /** The e-mail address of the account, as it was sent. */
  account?: string | undefined;
  /** The server did not check the secret, because too many logins had failed. */
  unchecked?: true;
  /** The secret or token is right, but the key may not be used from this address. */
  wrongNetwork?: true;
}

declare module 'fastify' {
  interface FastifyInstance {
    failedLogins: FailedLoginLog;
  }
}

const LONGEST_LOGGED_ID = 128;
const WINDOW_MS = 1_000;
/** Enough to identify a client with a wrong secret. An attacker sends thousands. */
const LINES_PER_WINDOW = 10;

/** The failures of a network in a window. */
interface Failures {
  address: string;
  failures: number;
  /** Those without a line of their own whose secret was not checked. */
  moreUnchecked: number;
}

/**
 * Logs failed logins. In each window, the first failures of a network get a line each, and one more line counts the
 * others.
 */
export class FailedLoginLog {
  readonly #log: FastifyBaseLogger;
  readonly #monitor: Pick<Monitor, 'noteFailedLogin'> | undefined;
  readonly #networks = new Map<string, Failures>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: FastifyBaseLogger, monitor?: Pick<Monitor, 'noteFailedLogin'>) {
    this.#log = log;
    this.#monitor = monitor;
  }

  /** `log` writes the lines of the request; `address` is its network address. */
  note(
    { by, apiKey, account, unchecked, wrongNetwork }: FailedLogin,
    { log, ip: address }: { log: FastifyBaseLogger; ip: string },
  ): void {
    this.#monitor?.noteFailedLogin(by, unchecked ? 'refused unchecked' : 'checked');
    const network = networkOf(address);
    const noted = this.#networks.get(network) ?? { address, failures: 0, moreUnchecked: 0 };
    noted.failures++;
    this.#networks.set(network, noted);
    this.#timer ??= setTimeout(() => this.#endWindow(), WINDOW_MS).unref();
    if (noted.failures > LINES_PER_WINDOW) {
      if (unchecked) noted.moreUnchecked++;
      return;
    }
    const attemptedApiKey = forLog(apiKey);
    // A text that is no address may be a password in the wrong field.
    const attemptedAccount = account?.includes('@') ? forLog(account) : undefined;
    log.warn({ by, attemptedApiKey, attemptedAccount, address, unchecked, wrongNetwork }, 'a login failed');
  }

  close(): void {
    this.#endWindow();
  }

  #endWindow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { address, failures, moreUnchecked } of this.#networks.values()) {
      const more = failures - LINES_PER_WINDOW;
      const unchecked = moreUnchecked > 0 ? { unchecked: moreUnchecked } : {};
      if (more > 0) this.#log.warn({ address, failures: more, ...unchecked }, 'more logins failed');
    }
    this.#networks.clear();
  }
}

function forLog(id: string | undefined): string | undefined {
  return id?.slice(0, LONGEST_LOGGED_ID).replace(/\p{Cc}/gu, '\ufffd');
}
