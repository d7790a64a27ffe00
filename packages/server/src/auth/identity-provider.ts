import type { ClientAuth, Configuration } from 'openid-client';
import type { ServerConfig } from '../config.ts';
import { HttpProblem } from '../http/errors.ts';
import type { Identity } from '../store/auth/identities.ts';
import { BEARER_CHALLENGE } from './challenges.ts';

/** How the server signs people in by OpenID Connect. */
export interface OpenIdSettings {
  issuer: string;
  clientId: string;
  /** Absent for a public client, which proves itself by PKCE only. */
  clientSecret?: string | undefined;
  /** What the console calls the provider. */
  name: string;
  /** Separated by blanks. */
  scopes: string;
  /** The claim with the roles; undefined: claims give no roles. */
  rolesClaim?: string | undefined;
  /** Whether a verified address connects an identity with the account of this address. */
  linkVerifiedEmail: boolean;
}

/** The settings of OpenID Connect; undefined if the server has no identity provider. */
export function openIdSettings(
  config: Pick<
    ServerConfig,
    'oidcIssuer' | 'oidcClientId' | 'oidcName' | 'oidcScopes' | 'oidcRolesClaim' | 'oidcLinkVerifiedEmail'
  >,
  clientSecret: string | undefined,
): OpenIdSettings | undefined {
  const { oidcIssuer: issuer, oidcClientId: clientId } = config;
  if (issuer === undefined || clientId === undefined) return undefined;
  return {
    issuer,
    clientId,
    clientSecret,
    name: config.oidcName,
    scopes: config.oidcScopes,
    rolesClaim: config.oidcRolesClaim,
    linkVerifiedEmail: config.oidcLinkVerifiedEmail === 'on',
  };
}

/** What the server must remember of a request to the provider. */
export interface AuthorizationChecks {
  redirectUri: string;
  state: string;
  nonce: string;
  codeVerifier: string;
}

/** A person, as the provider describes one. */
export interface ProvenIdentity extends Identity {
  claims: Readonly<Record<string, unknown>>;
  /**
   * How long before its answer the provider asked the person to sign in, by the provider's own clock. Undefined if it
   * does not say.
   */
  askedBeforeS: number | undefined;
  /** Whether the provider can say it, by the list of its claims. */
  canSayWhenAsked: boolean;
}

/** How long a sign-in waits for the provider. */
const TIMEOUT_S = 5;
/** The provider may change its addresses and keys meanwhile. */
const REMEMBERED_MS = 3_600_000;
/** The answer of the provider is no proof, in the words of openid-client. All else is a fault of the provider. */
const NO_PROOF = ['OAUTH_JWT_CLAIM_COMPARISON_FAILED', 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED'];

/** The identity provider of the settings. Nothing is loaded and nobody is asked before the first sign-in there. */
export class IdentityProvider {
  readonly settings: OpenIdSettings;
  readonly #clock: () => number;
  #remembered: { configuration: Promise<Configuration>; untilMs: number } | undefined;

  constructor(settings: OpenIdSettings, clock: () => number) {
    this.settings = settings;
    this.#clock = clock;
  }

  /**
   * Where the person signs in, and what to check afterwards. With `asksAgain`, the provider must ask a person whom it
   * knows, too. Throws a 502 if the provider does not answer.
   */
  async authorize(
    redirectUri: string,
    { asksAgain }: { asksAgain: boolean },
  ): Promise<{ location: string; checks: AuthorizationChecks }> {
    const client = await import('openid-client');
    const configuration = await this.#configuration();
    const checks: AuthorizationChecks = {
      redirectUri,
      state: client.randomState(),
      nonce: client.randomNonce(),
      codeVerifier: client.randomPKCECodeVerifier(),
    };
    const location = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.settings.scopes,
      state: checks.state,
      nonce: checks.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(checks.codeVerifier),
      code_challenge_method: 'S256',
      // The second parameter also makes the provider say when it asked (OpenID Connect Core, 2 and 3.1.2.1).
      ...(asksAgain ? { prompt: 'login', max_age: '0' } : {}),
    });
    return { location: location.href, checks };
  }

  /**
   * The person whom the provider's answer names. `query` is the query of the address to which the provider sent the
   * browser. Throws a 401 if the answer is no proof, and a 502 if the provider does not answer.
   */
  async prove(query: string, checks: AuthorizationChecks): Promise<ProvenIdentity> {
    const client = await import('openid-client');
    const configuration = await this.#configuration();
    const returned = new URL(checks.redirectUri);
    returned.search = query;
    try {
      const tokens = await client.authorizationCodeGrant(configuration, returned, {
        expectedState: checks.state,
        expectedNonce: checks.nonce,
        pkceCodeVerifier: checks.codeVerifier,
        idTokenExpected: true,
      });
      const idToken = tokens.claims();
      if (!idToken) throw new Error('The provider sent no ID token.');
      const more = await this.#userInfo(configuration, tokens.access_token, idToken);
      const { iss: issuer, sub: subject, iat, auth_time: askedAtS } = idToken;
      const askedBeforeS = askedAtS === undefined ? undefined : Math.max(iat - askedAtS, 0);
      const { claims_supported: supported = [] } = configuration.serverMetadata();
      const canSayWhenAsked = supported.includes('auth_time');
      return { issuer, subject, claims: { ...more, ...idToken }, askedBeforeS, canSayWhenAsked };
    } catch (error) {
      throw this.#problemOf(error);
    }
  }

  /** Some providers name addresses and groups only there. */
  async #userInfo(
    configuration: Configuration,
    accessToken: string,
    idToken: { sub: string } & Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const wanted = ['email', this.settings.rolesClaim].filter((name) => name !== undefined);
    const isComplete = wanted.every((name) => claimOf(idToken, name) !== undefined);
    if (isComplete || configuration.serverMetadata().userinfo_endpoint === undefined) return {};
    const { fetchUserInfo } = await import('openid-client');
    return fetchUserInfo(configuration, accessToken, idToken.sub);
  }

  #configuration(): Promise<Configuration> {
    const nowMs = this.#clock();
    if (this.#remembered && this.#remembered.untilMs > nowMs) return this.#remembered.configuration;
    const configuration = this.#discover();
    this.#remembered = { configuration, untilMs: nowMs + REMEMBERED_MS };
    configuration.catch(() => {
      this.#remembered = undefined;
    });
    return configuration;
  }

  async #discover(): Promise<Configuration> {
    const client = await import('openid-client');
    const { issuer, clientId, clientSecret } = this.settings;
    const url = new URL(issuer);
    try {
      return await client.discovery(
        url,
        clientId,
        undefined,
        clientSecret === undefined ? client.None() : withSecret(client, clientSecret),
        {
          timeout: TIMEOUT_S,
          execute: [
            // By default the library trusts the connection instead of the signature of an ID token.
            client.enableNonRepudiationChecks,
            // The settings allow plain http on this machine only.
            ...(url.protocol === 'http:' ? [client.allowInsecureRequests] : []),
          ],
        },
      );
    } catch (error) {
      throw unavailableProvider(error);
    }
  }

  #problemOf(error: unknown): Error {
    if (error instanceof HttpProblem) return error;
    const { name, code, error: reason } = error as { name?: string; code?: string; error?: string };
    if (name === 'AuthorizationResponseError') {
      return refused(`The identity provider did not sign you in (${wordOf(reason)}).`);
    }
    if (reason === 'invalid_grant' || NO_PROOF.includes(code ?? '')) return unproven();
    return unavailableProvider(error);
  }
}

/** Sends the secret as the provider takes it. OpenID Connect Discovery says that Basic is the default. */
function withSecret(client: typeof import('openid-client'), secret: string): ClientAuth {
  const [basic, post] = [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)];
  return (server, ...rest) => {
    const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server;
    return (methods.includes('client_secret_basic') ? basic : post)(server, ...rest);
  };
}

/** The claim with this name. A name with dots that is no claim leads into objects, as `realm_access.roles` does. */
export function claimOf(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name
    .split('.')
    .reduce<unknown>(
      (value, part) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, part)
          ? (value as Record<string, unknown>)[part]
          : undefined,
      claims,
    );
}

/** 401: the answer belongs to another request or another browser, or it was used before. */
export function unproven(): HttpProblem {
  return refused('This sign-in was not begun in this browser, or it is too old or used; begin again.');
}

/** 401 for an answer of the provider that signs nobody in. */
export function refused(detail: string): HttpProblem {
  return new HttpProblem(401, detail, {
    headers: { 'www-authenticate': BEARER_CHALLENGE },
    failedLogin: { by: 'OpenID Connect' },
  });
}

function unavailableProvider(cause: unknown): HttpProblem {
  return new HttpProblem(
    502,
    'The identity provider cannot be used now; try again, or sign in another way.',
    {
      cause,
    },
  );
}

/** An error code of the provider, as a caller may have changed it. */
function wordOf(code: string | undefined): string {
  return code !== undefined && /^[\w-]{1,64}$/.test(code) ? code : 'without a reason';
}
