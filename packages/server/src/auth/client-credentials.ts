import type { Static } from 'typebox';
import { Type } from 'typebox';
import { type ErrorFormat, HttpProblem, type ProblemOptions } from '../http/errors.ts';
import type { ProvenLogin } from '../http/logging.ts';
import { Maybe } from '../http/schema.ts';
import { type ApiKeys, type ProvenKey, presentedSecret } from './api-keys.ts';
import { BASIC_CHALLENGE } from './challenges.ts';
import {
  type AuthorizationHeaders,
  type Credentials,
  decodeFormEncoded,
  foldApiKey,
  readAuthorization,
} from './credentials.ts';
import { type LoginAttempt, TooManyFailuresProblem } from './guess-limit.ts';
import type { CountLogin } from './login.ts';
import { requireAllowedNetwork } from './network-check.ts';
import type { Tokens } from './tokens.ts';

export const TokenRequest = Type.Union([
  Type.Null(),
  Type.Object({
    grant_type: Maybe(Type.String({ description: 'client_credentials, if given' })),
    client_id: Maybe(Type.String()),
    client_secret: Maybe(Type.String()),
  }),
]);
export type TokenRequest = Static<typeof TokenRequest>;

export const TokenReply = Type.Object({
  access_token: Type.String(),
  expires_in: Type.Integer({ description: 'seconds' }),
  token_type: Type.Literal('Bearer'),
});
export type TokenReply = Static<typeof TokenReply>;

export const OAuthError = Type.Object({
  error: Type.String(),
  error_description: Type.String(),
  correlationId: Type.String(),
});

type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'
  | 'server_error';

class OAuthProblem extends HttpProblem {
  readonly error: OAuthErrorCode;

  constructor(
    status: number,
    error: OAuthErrorCode,
    description: string,
    options: Pick<ProblemOptions, 'headers' | 'failedLogin'> = {},
  ) {
    super(status, description, options);
    this.error = error;
  }
}

/** RFC 6749 section 5.2. */
export const oauthError: ErrorFormat = (problem, correlationId) => ({
  contentType: 'application/json; charset=utf-8',
  body: { error: errorCode(problem), error_description: problem.message, correlationId },
});

function errorCode(problem: HttpProblem): OAuthErrorCode {
  if (problem instanceof OAuthProblem) return problem.error;
  if (problem.status === 403) return 'unauthorized_client';
  if (problem.status === 503 || problem.status === 429) return 'temporarily_unavailable';
  return problem.status >= 500 ? 'server_error' : 'invalid_request';
}

interface Deps {
  apiKeys: ApiKeys;
  tokens: Tokens;
  countLogin: CountLogin;
}

/** The client credentials grant (RFC 6749 section 4.4), step by step. */
export async function grantToken(
  request: { body: unknown; headers: AuthorizationHeaders; ip: string; provenLogin: ProvenLogin | null },
  deps: Deps,
): Promise<TokenReply> {
  const body = givenParameters(request.body as TokenRequest);
  checkGrantType(body);
  const presented = readClient(body, request.headers);
  const proven = await findProvenClient(presented, request.ip, deps);
  requireAllowedNetwork(proven.key, 'client credentials', request.ip);
  deps.countLogin(proven.key);
  deps.apiKeys.noteUse(proven.key);
  request.provenLogin = { by: 'client credentials', apiKey: proven.key.apiKey };
  const { token, lifeS } = await deps.tokens.issue(proven);
  return { access_token: token, expires_in: lifeS, token_type: 'Bearer' };
}

interface GivenParameters {
  grant_type: string | undefined;
  client_id: string | undefined;
  client_secret: string | undefined;
}

/** RFC 6749 section 3.2: a parameter sent without a value counts as omitted. */
function givenParameters(body: TokenRequest): GivenParameters {
  const { grant_type, client_id, client_secret } = body ?? {};
  return {
    grant_type: grant_type || undefined,
    client_id: client_id || undefined,
    client_secret: client_secret || undefined,
  };
}

function checkGrantType({ grant_type }: GivenParameters): void {
  if (grant_type === undefined || grant_type === 'client_credentials') return;
  throw new OAuthProblem(400, 'unsupported_grant_type', 'grant_type must be client_credentials.');
}

interface PresentedClient {
  /** The possible meanings of the header, the likelier one first. */
  readings: Credentials[];
  byHeader: boolean;
}

function readClient(body: GivenParameters, headers: AuthorizationHeaders): PresentedClient {
  const { client_id, client_secret } = body;
  const authorization = readAuthorization({ authorization: headers.authorization });
  const inBody = client_id !== undefined || client_secret !== undefined;
  if (authorization.scheme === 'basic') {
    const sent = authorization.credentials;
    const decoded = sent && decodeFormEncoded(sent);
    // RFC 6749 section 2.3 forbids two mechanisms, but clients use both. Equal credentials have one meaning only.
    const readings = [sent, decoded].filter((reading) => reading !== undefined).filter(agreesWith(body));
    if (inBody && readings.length === 0) {
      throw new OAuthProblem(
        400,
        'invalid_request',
        'The client credentials in the header and in the body differ; send one of them only.',
      );
    }
    return { readings, byHeader: true };
  }
  if (authorization.scheme !== 'none') {
    throw invalidClient('Send the client credentials as HTTP Basic or in the body.', true);
  }
  if (!inBody) {
    throw new OAuthProblem(400, 'invalid_request', 'client_id and client_secret are missing.');
  }
  if (client_id === undefined || client_secret === undefined) {
    throw new OAuthProblem(
      400,
      'invalid_request',
      `${client_id === undefined ? 'client_id' : 'client_secret'} is missing.`,
    );
  }
  return { readings: [{ apiKey: client_id, secret: client_secret }], byHeader: false };
}

/** Whether the credentials of the header equal those of the body, if the body has any. */
function agreesWith({ client_id, client_secret }: GivenParameters): (reading: Credentials) => boolean {
  return ({ apiKey, secret }) =>
    (client_id === undefined || foldApiKey(client_id) === foldApiKey(apiKey)) &&
    (client_secret === undefined || client_secret === secret);
}

async function findProvenClient(
  { readings, byHeader }: PresentedClient,
  address: string,
  { apiKeys }: Deps,
): Promise<ProvenKey> {
  const failed: LoginAttempt[] = [];
  let refusal: TooManyFailuresProblem | undefined;
  for (const { apiKey, secret } of readings) {
    const attempt: LoginAttempt = { by: 'client credentials', apiKey, address };
    try {
      const proven = await apiKeys.prove(attempt, presentedSecret(secret));
      if (proven) {
        for (const other of failed) apiKeys.takeBackFailure(other);
        return proven;
      }
      failed.push(attempt);
    } catch (error) {
      // The other reading may have another id.
      if (!(error instanceof TooManyFailuresProblem)) throw error;
      refusal = error;
    }
  }
  if (refusal) throw refusal;
  throw invalidClient(
    'The client is unknown, its secret is wrong, or it is no longer valid.',
    byHeader,
    readings[0]?.apiKey,
  );
}

function invalidClient(description: string, byHeader: boolean, apiKey?: string): OAuthProblem {
  return new OAuthProblem(401, 'invalid_client', description, {
    headers: byHeader ? { 'www-authenticate': BASIC_CHALLENGE } : {},
    failedLogin: { by: 'client credentials', apiKey },
  });
}
