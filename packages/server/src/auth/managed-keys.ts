import { HttpProblem } from '../http/errors.ts';
import type { AccountRole } from '../store/auth/account-roles.ts';
import type { ApiKeyRole } from '../store/auth/api-keys.ts';
import type { Caller } from './caller.ts';

/**
 * The roles of the keys that people may create, change, rotate and revoke. A person may call all that these keys may call: a new
 * key and a rotation show a secret. An administrator reaches by other paths what SCIM reaches. docs/access.md shows this
 * table.
 */
export const KEYS_OF_PEOPLE: Readonly<Record<AccountRole, readonly ApiKeyRole[]>> = {
  administrator: ['submitting-events', 'visitor-only', 'data-warehouse', 'statistics', 'all'],
  integrations: ['submitting-events', 'visitor-only'],
  planner: [],
  viewer: [],
};

/** The same for keys. Only keys with the role `all` may call the routes. */
export const KEYS_OF_KEYS: Readonly<Record<ApiKeyRole, readonly ApiKeyRole[]>> = {
  all: ['submitting-events', 'visitor-only', 'data-warehouse', 'statistics', 'all'],
  'submitting-events': [],
  'visitor-only': [],
  'data-warehouse': [],
  statistics: [],
};

/** The roles of the keys that a caller may create, change, rotate and revoke. */
export function manageableRoles(caller: Caller): readonly ApiKeyRole[] {
  if (caller.kind === 'account') return KEYS_OF_PEOPLE[caller.role];
  return caller.kind === 'key' ? KEYS_OF_KEYS[caller.role] : [];
}

/** Throws a 403 unless the caller has the powers of the role itself. */
export function requirePower(caller: Caller, role: ApiKeyRole): void {
  const roles = manageableRoles(caller);
  if (roles.includes(role)) return;
  throw new HttpProblem(
    403,
    `You may not manage keys with the role ${role}, because you do not have their powers; roles that you may manage: ` +
      `${roles.join(', ')}.`,
  );
}
