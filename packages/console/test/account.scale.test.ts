import type { CDPSession, Page } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import {
  startIdentityProvider,
  type TestIdentityProvider,
} from '../../server/test/support/identity-provider.ts';
import { linkFor } from '../../server/test/support/sessions.ts';
import { expectAccessible, PHONE } from './support/accessibility.ts';
import { hasBrowser } from './support/browser.ts';
import { heading, usePages } from './support/console.ts';
import { addPerson, PASSWORD, signIn, signOut } from './support/signing-in.ts';

const OTHER_PASSWORD = 'another horse battery staple';

describe.skipIf(!hasBrowser)('the page My account', () => {
  let provider: TestIdentityProvider;
  const pages = usePages(async () => {
    provider = await startIdentityProvider();
    const config = { ...provider.config, oidcName: 'Acme ID' };
    return { config, server: { oidcClientSecret: provider.secret } };
  });
  afterAll(() => provider?.close());
  const account = () => `/console/${pages.site.organisation}/account`;
  let people = 0;
  /** A person with a password. */
  const newPerson = async () => {
    const email = `own-${people++}@example.com`;
    await addPerson(pages.site, email);
    return email;
  };
  /** A page at the name that has passkeys, with a device that answers by itself. */
  const openWithDevice = async () => {
    const page = await pages.open({ baseURL: pages.site.origin.replace('127.0.0.1', 'localhost') });
    const device = await page.context().newCDPSession(page);
    await device.send('WebAuthn.enable');
    const { authenticatorId } = await device.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    });
    return { page, device, authenticatorId };
  };
  const openAccount = async (page: Page, email: string) => {
    await page.goto(`/console/sign-in?back=${encodeURIComponent(`/${pages.site.organisation}/account`)}`);
    await signIn(page, email);
  };
  const addPasskey = async (page: Page, name: string) => {
    await page.getByLabel('Name of the passkey').fill(name);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('row').filter({ hasText: name }).waitFor();
  };
  /** Makes the device's only passkey a copy that has signed less often. */
  const copyPasskey = async (device: CDPSession, authenticatorId: string) => {
    const { credentials } = await device.send('WebAuthn.getCredentials', { authenticatorId });
    const [credential] = credentials;
    if (!credential) throw new Error('The device has no passkey.');
    await device.send('WebAuthn.clearCredentials', { authenticatorId });
    await device.send('WebAuthn.addCredential', {
      authenticatorId,
      credential: { ...credential, signCount: 0 },
    });
  };

  test('changes the name and the password, which ends all other sessions', async () => {
    const email = await newPerson();
    const [page, other] = [await pages.open(), await pages.open()];
    await openAccount(page, email);
    await heading(page, 'My account').waitFor();
    await openAccount(other, email);
    await heading(other, 'My account').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Ada Lovelace');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    const change = async (current: string, next: string) => {
      await page.getByLabel('Current password').fill(current);
      await page.getByLabel('New password').fill(next);
      await page.getByRole('button', { name: 'Change the password' }).click();
    };
    await change('not this password', OTHER_PASSWORD);
    await page.getByText('The current password is wrong.').waitFor();
    await change(PASSWORD, 'short');
    await page.getByText('must have at least 12 characters').waitFor();
    await change(PASSWORD, OTHER_PASSWORD);
    await page.getByText('The password is changed.').waitFor();
    await other.reload();
    await heading(other, 'Sign in').waitFor();
    await page.reload();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Ada Lovelace');
  });

  test('adds a passkey, which signs in alone; a copy of it does not', async () => {
    const email = await newPerson();
    const { page, device, authenticatorId } = await openWithDevice();
    await openAccount(page, email);
    await addPasskey(page, 'Laptop');
    await expectAccessible(page);
    await signOut(page);
    const withPasskey = page.getByRole('button', { name: 'Sign in with a passkey' });
    await withPasskey.click();
    await heading(page, 'Today').waitFor();
    await page.goto(account());
    await page.getByRole('button', { name: 'Rename Laptop' }).click();
    await page.getByRole('dialog').getByLabel('Name of the passkey').fill('Old laptop');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row').filter({ hasText: 'Old laptop' }).waitFor();
    await signOut(page);
    await copyPasskey(device, authenticatorId);
    await withPasskey.click();
    await page.getByRole('alert').getByText('does not sign you in here').waitFor();
  });

  test('requires a passkey besides the password; a link for a new password lets in again', async () => {
    const email = await newPerson();
    const { page, device, authenticatorId } = await openWithDevice();
    await openAccount(page, email);
    await addPasskey(page, 'Phone');
    const require = page.getByRole('switch', { name: 'Require a passkey' });
    await require.click();
    await expect.poll(() => require.isChecked()).toBe(true);
    await page.getByRole('button', { name: 'Remove Phone' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('alert').getByText('this is the last one').waitFor();
    await page.keyboard.press('Escape');
    await signOut(page);
    await openAccount(page, email);
    await heading(page, 'My account').waitFor();
    await signOut(page);
    // The password alone, as another program sends it.
    const { server } = pages.site;
    const headers = { 'sec-fetch-site': 'same-origin' };
    const payload = { email, password: PASSWORD };
    const reply = await server.app.inject({ method: 'POST', url: '/v1/session', headers, payload });
    expect([reply.statusCode, reply.json().errors[0].path]).toEqual([400, '/passkey']);
    expect(reply.headers).not.toHaveProperty('set-cookie');
    // A link is not enough either. Somebody whom the device did not recognise tries again.
    await device.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await page.goto(`/console/sign-in#token=${await linkFor(server, email)}`);
    await page.getByRole('alert').getByText('No passkey was accepted').waitFor();
    await device.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
    await page.getByRole('button', { name: 'Try again' }).click();
    await heading(page, 'Today').waitFor();
    await signOut(page);
    await device.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    await page.goto(`/console/sign-in#token=${await linkFor(server, email, 'reset')}`);
    await page.getByLabel('Password', { exact: true }).fill(OTHER_PASSWORD);
    await page.getByRole('button', { name: 'Save and sign in' }).click();
    await heading(page, 'Today').waitFor();
    // The link started over: the passkeys are gone.
    await page.goto(account());
    await page.getByText('You have no passkey yet.').waitFor();
  });

  test('wants a new sign-in for a passkey, and leads there and back', async () => {
    const email = await newPerson();
    const { page } = await openWithDevice();
    await openAccount(page, email);
    await heading(page, 'My account').waitFor();
    pages.site.server.clock.advanceS(601);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('alert').getByText('sign in again, and repeat it').waitFor();
    await page.getByRole('link', { name: 'Sign in again' }).click();
    await signIn(page, email);
    await heading(page, 'My account').waitFor();
    await addPasskey(page, 'Key');
  });

  test('connects an identity, which signs in and leads back, and disconnects it; another one is refused', async () => {
    provider.sendTo(`${pages.site.origin}/console/sign-in/openid`);
    const email = await newPerson();
    // Its pages go to the provider, which is another origin.
    const { page, faults, close } = await pages.openFaulty();
    await openAccount(page, email);
    provider.next = 'ada';
    const { oidcIssuer } = provider.config;
    await page.getByRole('button', { name: 'Connect with Acme ID' }).click();
    await page.getByText('Your account is connected.').waitFor();
    await signOut(page);
    await page.goto(account());
    await page.getByRole('button', { name: 'Sign in with Acme ID' }).click();
    await heading(page, 'My account').waitFor();
    expect(page.url()).not.toContain('code=');
    // This sign-in may have been a silent one, so the page leads to a new one, where the provider asks again.
    const identity = page.getByRole('row').filter({ hasText: oidcIssuer });
    await identity.getByText('of this session').waitFor();
    await identity.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('alert').getByText('sign in again, and repeat it').waitFor();
    const asked = provider.asked;
    await page.getByRole('link', { name: 'Sign in again' }).click();
    await page.getByRole('button', { name: 'Sign in with Acme ID' }).click();
    await heading(page, 'My account').waitFor();
    expect(provider.asked).toBe(asked + 1);
    await expectAccessible(page, [PHONE]);
    await identity.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
    await identity.waitFor({ state: 'detached' });
    expect(await page.getByText('Your account is connected.').count()).toBe(0);
    await signOut(page);
    await page.context().clearCookies();
    provider.next = 'eve';
    await page.getByRole('button', { name: 'Sign in with Acme ID' }).click();
    await page.getByRole('alert').getByText('This identity has no account here').waitFor();
    await page.getByRole('link', { name: 'Sign in again' }).click();
    await page.getByLabel('E-mail address').waitFor();
    expect(faults.filter((fault) => !fault.startsWith(`request: ${oidcIssuer}`))).toEqual([]);
    await close();
  });

  test('says where passkeys work', async () => {
    const page = await pages.open();
    await openAccount(page, await newPerson());
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    const right = pages.site.origin.replace('127.0.0.1', 'localhost');
    await page.getByText(`Passkeys work at ${right} only`).waitFor();
  });
});
