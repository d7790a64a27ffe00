import type { Reply } from '@rollcall/sdk';

/** A person who may sign in. */
export type Account = Reply<'GET /v1/manage/accounts'>['items'][number];

/** A one-time link, which the server shows once. */
export type ShownLink = Pick<Reply<'POST /v1/manage/accounts/{accountId}/link'>, 'link' | 'expiresAt'> & {
  email: string;
};

export const ROLES = ['administrator', 'integrations', 'planner', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** The role of a choice. */
export function roleOf(value: string | null): Role | undefined {
  return ROLES.find((role) => role === value);
}

/** The key of what the page knows about the accounts of an organisation. */
export const accountsKey = (organisation: string) => ['accounts', organisation];

/** Whether an account is the only one that administers the organisation now. */
export function isLastAdministrator(account: Account, accounts: readonly Account[]): boolean {
  const administrators = accounts.filter(({ role, state }) => role === 'administrator' && state === 'active');
  return administrators.length === 1 && administrators[0]?.accountId === account.accountId;
}
