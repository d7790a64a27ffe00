import type { Page } from 'playwright-core';
import type { AccountRole } from '../../../server/src/store/auth/account-roles.ts';
import { addAccount, type Browser, browserWithPassword } from '../../../server/test/support/sessions.ts';
import { heading, type Site } from './console.ts';

export const PASSWORD = 'correct horse battery staple';

/** Makes an account whose password is `PASSWORD`. Returns the headers of a browser that is signed in. */
export async function addPerson(
  { server, tenantId }: Site,
  email: string,
  role: AccountRole = 'viewer',
): Promise<Browser> {
  await addAccount(server, tenantId, email, role);
  return browserWithPassword(server, { email, password: PASSWORD });
}

/** Fills in the open page to sign in, and sends it. */
export async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await heading(page, 'Sign in').waitFor();
}
