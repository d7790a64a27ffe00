import { HttpProblem } from '../http/errors.ts';
import type { FailedLogin } from '../http/failed-logins.ts';
import type { ApiKey } from './api-key.ts';
import { type Caller, callerOfKey } from './caller.ts';

const LONGEST_SHOWN = 64;

/** 403: the caller has proved a key that may not be used from its address. */
export class WrongNetworkProblem extends HttpProblem {
  readonly caller: Caller;

  constructor(key: ApiKey, by: FailedLogin['by'], address: string) {
    super(
      403,
      `This key may not be used from your address, ${address.slice(0, LONGEST_SHOWN)}, because it is bound to other networks.`,
      { failedLogin: { by, apiKey: key.apiKey, wrongNetwork: true }, refusal: 'network' },
    );
    this.caller = callerOfKey(key);
  }
}

/** Whether a key may be used from an address. */
export function isAllowedFrom({ allowedNetworks }: ApiKey, address: string): boolean {
  return allowedNetworks?.has(address) ?? true;
}

/**
 * Throws `WrongNetworkProblem` if the key may not be used from the caller's address. Call it after the caller has proved the
 * key: others learn nothing of its networks.
 */
export function requireAllowedNetwork(key: ApiKey, by: FailedLogin['by'], address: string): void {
  if (!isAllowedFrom(key, address)) throw new WrongNetworkProblem(key, by, address);
}
