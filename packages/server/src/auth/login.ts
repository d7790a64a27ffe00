import type { Static } from 'typebox';
import { Type } from 'typebox';
import { type ErrorFormat, HttpProblem } from '../http/errors.ts';
import type { ApiKey, ApiKeys } from './api-keys.ts';
import { equalSecrets, loginHash } from './secrets.ts';
import type { IssuedToken, Tokens } from './tokens.ts';

export const LoginRequest = Type.Object({
  apiKey: Type.String({ description: 'id of the key' }),
  timestamp: Type.Union([Type.Number(), Type.String()], { description: 'Unix time in whole seconds' }),
  hash: Type.String({
    description: 'hex of HMAC-SHA256 under the secret, over apiKey and timestamp as sent',
  }),
});
export type LoginRequest = Static<typeof LoginRequest>;

export const LoginReply = Type.Object({
  authenticated: Type.Literal(true),
  message: Type.String(),
  token: Type.String(),
  expiration: Type.Integer({ description: 'Unix time in seconds' }),
});
export type LoginReply = Static<typeof LoginReply>;

export const LoginFailure = Type.Object({
  authenticated: Type.Literal(false),
  message: Type.String(),
  correlationId: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
});

/** Every answer of /v1/auth has the shape of its reply, errors included. */
export const loginFailure: ErrorFormat = (problem, correlationId) => ({
  contentType: 'application/json; charset=utf-8',
  body: {
    authenticated: false,
    message: problem.message,
    correlationId,
    ...(problem.errors ? { errors: problem.errors } : {}),
  },
});

interface Deps {
  apiKeys: ApiKeys;
  tokens: Tokens;
  clock: () => number;
  clockSkewS: number;
}

/** HMAC login, step by step. `bodyText` is the body as sent: the hash covers the timestamp as it stands there. */
export async function logIn(request: LoginRequest, bodyText: string, deps: Deps): Promise<LoginReply> {
  const timestamp = readTimestamp(request.timestamp, bodyText);
  checkClock(timestamp.seconds, deps);
  const key = await findProvenKey(request, timestamp.asSent, deps);
  deps.apiKeys.noteUse(key);
  return reply(await deps.tokens.issue(key.apiKey));
}

interface Timestamp {
  seconds: number;
  asSent: string;
}

const JSON_NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/;
const SENT_NUMBER = new RegExp(`"timestamp"\\s*:\\s*(${JSON_NUMBER.source})`, 'g');
const WHOLE_TEXT = /^\d+(?:\.0+)?$/;
/** Seconds reach this in the year 5138; what is above it was meant in milliseconds. */
const LEAST_MILLISECONDS = 1e11;

function readTimestamp(value: number | string, bodyText: string): Timestamp {
  const seconds = typeof value === 'string' && WHOLE_TEXT.test(value) ? Number(value) : value;
  if (typeof seconds === 'string') throw badTimestamp('must be a whole number of seconds');
  if (seconds >= LEAST_MILLISECONDS) throw badTimestamp('is in milliseconds; it must be in seconds');
  if (!Number.isInteger(seconds)) throw badTimestamp('has a fraction; it must be a whole number of seconds');
  if (typeof value === 'string') return { seconds, asSent: value };
  return { seconds, asSent: sentNumber(value, bodyText) };
}

/**
 * The digits with which a number was sent (1683257792.0 is 1683257792 once parsed). Only digits of the same
 * value are taken, so that no other text in the body can stand in for the timestamp that was judged.
 */
function sentNumber(value: number, bodyText: string): string {
  for (const [, digits] of bodyText.matchAll(SENT_NUMBER)) {
    if (digits !== undefined && Number(digits) === value) return digits;
  }
  return String(value);
}

function badTimestamp(message: string): HttpProblem {
  return new HttpProblem(400, `The timestamp ${message}.`, { errors: [{ path: '/timestamp', message }] });
}

const QUARTER_HOUR_S = 900;
const NEAR_S = 60;
const FARTHEST_ZONE_S = 14 * 3600;

function checkClock(seconds: number, { clock, clockSkewS }: Deps): void {
  const now = Math.floor(clock() / 1000);
  const aheadS = seconds - now;
  if (Math.abs(aheadS) <= clockSkewS) return;
  const quarters = Math.round(aheadS / QUARTER_HOUR_S) * QUARTER_HOUR_S;
  const isLocalTime =
    quarters !== 0 && Math.abs(quarters) <= FARTHEST_ZONE_S && Math.abs(aheadS - quarters) <= NEAR_S;
  throw unauthorized(
    `The timestamp is ${Math.abs(aheadS)} seconds ${aheadS > 0 ? 'ahead of' : 'behind'} the server's clock, ` +
      `which reads ${now} (${new Date(now * 1000).toISOString()}).` +
      (isLocalTime ? ' It looks like local time was sent; the timestamp must be in UTC.' : ''),
  );
}

async function findProvenKey(
  { apiKey, hash }: LoginRequest,
  timestampAsSent: string,
  { apiKeys }: Deps,
): Promise<ApiKey> {
  const message = apiKey + timestampAsSent;
  const presented = hash.toLowerCase();
  const key = await apiKeys.prove(apiKey, (secret) => equalSecrets(loginHash(secret, message), presented));
  if (!key) throw unauthorized('Authentication failed: the key, its secret or the hash is not valid.');
  return key;
}

function reply({ token, expiresAtS }: IssuedToken): LoginReply {
  return { authenticated: true, message: 'Authentication successful', token, expiration: expiresAtS };
}

function unauthorized(message: string): HttpProblem {
  return new HttpProblem(401, message, { headers: { 'www-authenticate': 'HMAC-SHA256 realm="rollcall"' } });
}
