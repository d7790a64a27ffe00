import type { AccountRole } from '../store/auth/account-roles.ts';
import type { ApiKeyRole } from '../store/auth/api-keys.ts';
import type { KeyLimits } from '../store/auth/key-limits.ts';

interface AnyCaller {
  tenantId: string;
  /** The id of the key or of the SCIM token, or the e-mail address of the account. Logs of changes name it. */
  name: string;
  /** `name` in the form in which the server compares it. */
  nameFolded: string;
}

/** The key, the SCIM token or the person on whose behalf a request runs. */
export type Caller =
  | (AnyCaller & { kind: 'key'; role: ApiKeyRole; limits?: KeyLimits })
  | (AnyCaller & { kind: 'scim-token' })
  | (AnyCaller & { kind: 'account'; role: AccountRole; accountId: string });
