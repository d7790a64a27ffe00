import type { LightMyRequestResponse } from 'fastify';
import { createLink, ensureMember, resetAccount } from '../../src/auth/manage-accounts.ts';
import type { AccountRole } from '../../src/store/auth/account-roles.ts';
import type { TestServer } from './server.ts';

/** A browser that is signed in: the headers of its requests. */
export interface Browser extends Record<string, string> {
  cookie: string;
  'sec-fetch-site': string;
}

/** What a browser sends with a request of a page of the same origin. */
export const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' } as const;

/** The headers of a browser that keeps the cookie of this answer. */
export function browserOf(reply: LightMyRequestResponse): Browser {
  const [cookie] = reply.cookies;
  if (!cookie) throw new Error(`The answer ${reply.statusCode} sets no cookie: ${reply.payload}`);
  return { ...SAME_ORIGIN, cookie: `${cookie.name}=${cookie.value}` };
}

/** Makes an account with a role in the organisation, if there is none with this address. Needs no acceptance. */
export function addAccount(
  { db, clock }: Pick<TestServer, 'db' | 'clock'>,
  tenantId: string,
  email: string,
  role: AccountRole,
): Promise<void> {
  return ensureMember({ tenantId, email, name: `The ${role}`, role }, { owner: db.owner, clock: clock.read });
}

/** A one-time link for an account; `link` signs in, `reset` takes all other ways to sign in, and sets a password. */
export async function linkFor(
  { db, clock }: Pick<TestServer, 'db' | 'clock'>,
  email: string,
  kind: 'link' | 'reset' = 'link',
): Promise<string> {
  const make = kind === 'reset' ? resetAccount : createLink;
  return (await make({ email }, { owner: db.owner, clock: clock.read })).token;
}

/** Redeems a link. */
export function redeem(
  { app }: Pick<TestServer, 'app'>,
  payload: { token: string; name?: string; password?: string },
  headers: Record<string, string> = SAME_ORIGIN,
): Promise<LightMyRequestResponse> {
  return app.inject({ method: 'POST', url: '/v1/session/link', headers, payload });
}

/** Signs in with a password. */
export function signIn(
  { app }: Pick<TestServer, 'app'>,
  payload: { email: string; password: string },
  headers: Record<string, string> = SAME_ORIGIN,
  remoteAddress = '127.0.0.1',
): Promise<LightMyRequestResponse> {
  return app.inject({ method: 'POST', url: '/v1/session', headers, payload, remoteAddress });
}

/** Signs an account in that has this role in the organisation; makes the account first. */
export async function browserWithRole(
  server: TestServer,
  tenantId: string,
  role: AccountRole,
  email = `${role}@example.com`,
): Promise<Browser> {
  await addAccount(server, tenantId, email, role);
  return browserOf(await redeem(server, { token: await linkFor(server, email) }));
}

/** Gives an account a password, as the operator's link does, and signs in with it. */
export async function browserWithPassword(
  server: TestServer,
  { email, password }: { email: string; password: string },
): Promise<Browser> {
  return browserOf(await redeem(server, { token: await linkFor(server, email, 'reset'), password }));
}
