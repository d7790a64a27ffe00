import type { AccountRole } from '../store/auth/account-roles.ts';
import type { ApiKeyRole } from '../store/auth/api-keys.ts';
import type { KeyLimits } from '../store/auth/key-limits.ts';
import type { ApiKey } from './api-key.ts';

interface AnyCaller {
  tenantId: string;
  /** The id of the key or of the SCIM token, or the e-mail address of the account. Logs of changes name it. */
  name: string;
  /** `name` in the form in which the server compares it. */
  nameFolded: string;
}

/** The key, the SCIM token or the person on whose behalf a request runs. */
export type Caller =
  | (AnyCaller & {
      kind: 'key';
      role: ApiKeyRole;
      /** The offices to which the key is bound. Undefined: all offices, and what belongs to none. */
      officeIds: ReadonlySet<string> | undefined;
      /** The rate limits that differ from the defaults. */
      limits?: KeyLimits;
    })
  | (AnyCaller & { kind: 'scim-token' })
  | (AnyCaller & { kind: 'account'; role: AccountRole; accountId: string });

/** The caller that has proved a key. */
export function callerOfKey({ tenantId, apiKey, apiKeyFolded, role, officeIds, limits }: ApiKey): Caller {
  return { kind: 'key', tenantId, name: apiKey, nameFolded: apiKeyFolded, role, officeIds, limits };
}

/** The offices to which the caller is bound. Undefined: all offices, and what belongs to none. */
export function officeIdsOf(caller: Caller): ReadonlySet<string> | undefined {
  return caller.kind === 'key' ? caller.officeIds : undefined;
}
