import type { Reply } from '@rollcall/sdk';
import { clientOf } from '../frame/client.ts';
import { useFound } from '../frame/found.ts';
import { useOrganisation } from '../frame/session.ts';

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

/** The accounts that the server finds, page by page. All accounts if `search` is empty. */
export function useAccounts(search: string) {
  const { organisation } = useOrganisation();
  return useFound<Account>(accountsKey(organisation), search, (filter, options) =>
    clientOf(organisation).manage.accounts.page(filter, options),
  );
}
