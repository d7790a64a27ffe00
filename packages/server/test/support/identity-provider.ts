import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

const CLIENT_ID = 'rollcall';
const SCOPES = 'openid email profile';

/** An identity provider on this machine, with the settings of a server that uses it. */
export interface TestIdentityProvider {
  config: { oidcIssuer: string; oidcClientId: string };
  secret: string;
  /** The claims of each subject besides `sub`. */
  people: Map<string, Record<string, unknown>>;
  /** The subject that signs in next, without being asked; undefined refuses. */
  next: string | undefined;
  /** How often it has asked somebody to sign in. */
  asked: number;
  /** When that person signs in, in seconds since the epoch; undefined: now. */
  askedAtS: number | undefined;
  /**
   * Whether it says in the ID token when it asked. `hides`: it does not, although its settings say that it can. `cannot`:
   * its settings do not say so either.
   */
  askedAt: 'says' | 'hides' | 'cannot';
  /** Lets the provider send browsers to this address. Call it before the first sign-in. */
  sendTo(redirectUri: string): void;
  /**
   * Goes to the address of a sign-in as a new browser does. Returns the query of the address to which the provider sends
   * the browser. With `cookies`, the browser is known to the provider from its visits before.
   */
  visit(location: string, cookies?: Map<string, string>): Promise<string>;
  close(): Promise<void>;
}

interface OidcContext {
  oidc: { client: { clientId: string }; session: { accountId: string } };
}

/**
 * Starts oidc-provider. It sends the claim `rollcall_roles` with the profile. As its default is, claims about the person
 * are in the answer of the userinfo endpoint only.
 */
export async function startIdentityProvider(): Promise<TestIdentityProvider> {
  const secret = 'the secret of the client';
  const people: TestIdentityProvider['people'] = new Map();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let returnTo = '';
  const started: TestIdentityProvider = {
    config: { oidcIssuer: issuer, oidcClientId: CLIENT_ID },
    secret,
    people,
    next: undefined,
    asked: 0,
    askedAtS: undefined,
    askedAt: 'says',
    sendTo: (redirectUri) => {
      returnTo = redirectUri;
      const provider = providerOf(issuer, { secret, redirectUri, people, askedAt: () => started.askedAt });
      const answer = provider.callback();
      server.on('request', (request, response) => {
        if (!request.url?.startsWith('/interaction/')) return answer(request, response);
        started.asked++;
        const result =
          started.next === undefined
            ? { error: 'access_denied' }
            : { login: { accountId: started.next, ts: started.askedAtS } };
        provider
          .interactionFinished(request, response, result)
          .catch((error: Error) => response.destroy(error));
      });
    },
    visit: (location, cookies = new Map()) => visit(location, returnTo, cookies),
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return started;
}

function providerOf(
  issuer: string,
  {
    secret,
    redirectUri,
    people,
    askedAt,
  }: Pick<TestIdentityProvider, 'secret' | 'people'> & {
    redirectUri: string;
    askedAt: () => TestIdentityProvider['askedAt'];
  },
): Provider {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: secret,
        redirect_uris: [redirectUri],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'test' }] },
    cookies: { keys: ['a key of the test'] },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: 600,
      Interaction: 600,
      Session: 600,
    },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'rollcall_roles'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ ...people.get(accountId), sub: accountId }),
    }),
    // Nobody is asked for consent.
    loadExistingGrant: async ({ oidc: { client, session } }: OidcContext) => {
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(SCOPES);
      await grant.save();
      return grant;
    },
  });
  provider.use(async (context, next) => {
    await next();
    const { path, body } = context;
    if (path === '/.well-known/openid-configuration' && askedAt() === 'cannot') {
      const { claims_supported: claims } = body as { claims_supported: string[] };
      body.claims_supported = claims.filter((claim) => claim !== 'auth_time');
    }
    if (path === '/token' && askedAt() !== 'says' && typeof body.id_token === 'string') {
      body.id_token = withoutAuthTime(body.id_token, privateKey);
    }
  });
  return provider;
}

/** The ID token without the time of the question, signed again. */
function withoutAuthTime(idToken: string, privateKey: KeyObject): string {
  const [header = '', payload = ''] = idToken.split('.');
  const { auth_time: _, ...claims } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

async function visit(location: string, returnTo: string, cookies: Map<string, string>): Promise<string> {
  for (let url = new URL(location); ; ) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const set of reply.headers.getSetCookie()) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split(/=(.*)/s);
      cookies.set(name, value);
    }
    const next = reply.headers.get('location');
    if (next === null) throw new Error(`The provider answered ${reply.status}: ${await reply.text()}`);
    url = new URL(next, url);
    if (url.origin + url.pathname === returnTo) return url.search.slice(1);
  }
}
