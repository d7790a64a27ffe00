import type { LightMyRequestResponse } from 'fastify';
import type { ServerConfig } from '../../src/config.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { replicaOf, startTestServer } from './server.ts';
import { type Browser, browserWithRole, SAME_ORIGIN } from './sessions.ts';

/** Where the provider sends browsers. */
export const RETURN = 'http://localhost:8080/console/sign-in/openid';

/** The headers of a browser with the cookies that an answer leaves it. */
export function keep(reply: LightMyRequestResponse, before: Record<string, string> = SAME_ORIGIN): Browser {
  const cookies = new Map(
    (before.cookie ?? '').split('; ').map((each) => each.split('=') as [string, string]),
  );
  for (const { name, value } of reply.cookies) cookies.set(name, value);
  const cookie = [...cookies].flatMap(([name, value]) => (value ? [`${name}=${value}`] : [])).join('; ');
  return { ...before, ...SAME_ORIGIN, cookie };
}

export type OpenIdSite = Awaited<ReturnType<typeof startOpenIdSite>>;

/** An identity provider, and servers of one database that use it, with an organisation `acme` and its administrator. */
export async function startOpenIdSite() {
  const provider = await startIdentityProvider();
  provider.sendTo(RETURN);
  const server = await startTestServer();
  const replica = (config: Partial<ServerConfig>) =>
    replicaOf(server, {
      config: { publicUrl: 'http://localhost:8080', ...provider.config, ...config },
      oidcClientSecret: provider.secret,
    });
  /** The server without a claim, with a claim, and with trust in verified addresses. */
  const apps = {
    plain: await replica({}),
    claim: await replica({ oidcRolesClaim: 'rollcall_roles' }),
    verified: await replica({ oidcLinkVerifiedEmail: 'on' }),
  };
  type Kind = keyof typeof apps;
  const tenantId = await server.organisation({ slug: 'acme' });
  const administrator = await browserWithRole(server, tenantId, 'administrator', 'boss@example.com');
  const post = (kind: Kind, path: string, payload: object, headers: Record<string, string> = SAME_ORIGIN) =>
    apps[kind].inject({ method: 'POST', url: `/v1/session${path}`, headers, payload });
  /** Begins a sign-in. Returns the browser and the provider's address. */
  const begin = async (kind: Kind, wanted: object = {}, headers: Record<string, string> = SAME_ORIGIN) => {
    const reply = await post(kind, '/openid', wanted, headers);
    if (reply.statusCode !== 200) throw new Error(`The sign-in does not begin: ${reply.payload}`);
    return { browser: keep(reply, headers), location: reply.json().location as string };
  };
  let subjects = 0;
  /** A person at the provider, who signs in next. */
  const person = (claims: Record<string, unknown> = {}): string => {
    const subject = `subject-${subjects++}`;
    provider.people.set(subject, { email: `${subject}@example.com`, ...claims });
    provider.next = subject;
    return subject;
  };
  /** A whole sign-in. The provider knows a browser from before by `known`, its cookies there. */
  const enter = async (
    kind: Kind,
    wanted: object = {},
    headers: Record<string, string> = SAME_ORIGIN,
    known?: Map<string, string>,
  ) => {
    const { browser, location } = await begin(kind, wanted, headers);
    const query = await provider.visit(location, known);
    const reply = await post(kind, '/openid/return', { query }, browser);
    return { reply, browser: keep(reply, browser) };
  };
  /** The token of an invitation. */
  const invite = async (email: string, role = 'planner'): Promise<string> => {
    const reply = await server.app.inject({
      method: 'POST',
      url: '/v1/manage/accounts',
      headers: administrator,
      payload: { email, role },
    });
    return reply.json().token;
  };
  const rolesOf = async (browser: Browser) =>
    (await server.app.inject({ url: '/v1/session', headers: browser }))
      .json()
      .organisations?.map((each: Record<string, string>) => [each.organisation, each.role]);
  /** A person with a connected identity, by an invitation. */
  const connected = async (role = 'planner') => {
    const subject = person();
    const { browser } = await enter('plain', { linkToken: await invite(`${subject}@example.com`, role) });
    return { subject, browser, email: `${subject}@example.com` };
  };
  return {
    provider,
    server,
    apps,
    tenantId,
    administrator,
    post,
    begin,
    person,
    enter,
    invite,
    rolesOf,
    connected,
    close: async () => {
      await Promise.all(Object.values(apps).map((app) => app.close()));
      await server.close();
      await provider.close();
    },
  };
}
