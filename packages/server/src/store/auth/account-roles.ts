/** What an account may do in an organisation. `auth/people-access.ts` maps every operation to these roles. */
export const ACCOUNT_ROLES = ['administrator', 'integrations', 'planner', 'viewer'] as const;
export type AccountRole = (typeof ACCOUNT_ROLES)[number];
