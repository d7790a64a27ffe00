import type { Static } from 'typebox';
import { Type } from 'typebox';
import { type ErrorFormat, HttpProblem } from '../http/errors.ts';
import type { ProvenLogin } from '../http/logging.ts';
import type { ApiKey } from './api-key.ts';
import type { ApiKeys, ProvenKey } from './api-keys.ts';
import { requireAllowedNetwork } from './network-check.ts';
import { equalDigests, loginHash } from './secrets.ts';
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

/** Every answer of /v1/auth has this shape, errors included. */
export const loginFailure: ErrorFormat = (problem, correlationId) => ({
  contentType: 'application/json; charset=utf-8',
  body: {
    authenticated: false,
    message: problem.message,
    correlationId,
    ...(problem.errors ? { errors: problem.errors } : {}),
  },
});

/** Counts the login of a proven key. Throws a 429 if the key has used up its limit. */
export type CountLogin = (key: ApiKey) => void;

interface Deps {
  apiKeys: ApiKeys;
  tokens: Tokens;
  clock: () => number;
  clockSkewS: number;
  countLogin: CountLogin;
}

/** A login as it arrived. */
interface SentLogin {
  body: LoginRequest;
  /** The body as sent, because the hash covers the timestamp as it was sent. */
  bodyText: string;
  /** The caller's network address. */
  ip: string;
  /** For the log. */
  provenLogin: ProvenLogin | null;
}

/** HMAC login, step by step. */
export async function logIn(sent: SentLogin, deps: Deps): Promise<LoginReply> {
  const { body, bodyText, ip } = sent;
  const timestamp = readTimestamp(body.timestamp, bodyText);
  // A wrong clock tests no secret, so it does not count as a guess.
  checkClock(timestamp.seconds, body.apiKey, deps);
  const proven = await findProvenKey(body, timestamp.spellings, ip, deps);
  requireAllowedNetwork(proven.key, 'HMAC', ip);
  // Only the key's own logins count, so that nobody else can use up its limit.
  deps.countLogin(proven.key);
  deps.apiKeys.noteUse(proven.key);
  sent.provenLogin = { by: 'HMAC', apiKey: proven.key.apiKey };
  return reply(await deps.tokens.issue(proven));
}

interface Timestamp {
  seconds: number;
  /** As sent. One text, unless the body contains the same number in several spellings. */
  spellings: string[];
}

const JSON_NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/;
const SENT_NUMBER = new RegExp(`"timestamp"\\s*:\\s*(${JSON_NUMBER.source})`, 'g');
const MOST_SPELLINGS = 4;
const WHOLE_TEXT = /^\d+(?:\.0+)?$/;
/** Also with a comma, which Windows PowerShell writes in some countries. */
const FRACTIONAL_TEXT = /^\d+[.,]\d+$/;
/** Seconds reach this number in the year 5138. A larger number is in milliseconds. */
const LEAST_MILLISECONDS = 1e11;
const HAS_FRACTION = 'has a fraction; it must be a whole number of seconds';

function readTimestamp(value: number | string, bodyText: string): Timestamp {
  const seconds = typeof value === 'string' && WHOLE_TEXT.test(value) ? Number(value) : value;
  if (typeof seconds === 'string') {
    throw badTimestamp(FRACTIONAL_TEXT.test(seconds) ? HAS_FRACTION : 'must be a whole number of seconds');
  }
  if (seconds >= LEAST_MILLISECONDS) throw badTimestamp('is in milliseconds; it must be in seconds');
  if (!Number.isInteger(seconds)) throw badTimestamp(HAS_FRACTION);
  return { seconds, spellings: typeof value === 'string' ? [value] : spellingsOf(value, bodyText) };
}

/**
 * The spellings of a number in the body (1683257792.0 becomes 1683257792 when parsed). An unknown member may contain
 * another spelling, so there may be several. Only spellings of the same value count, so that no other text of the body
 * can replace the checked timestamp.
 */
function spellingsOf(value: number, bodyText: string): string[] {
  const spellings = new Set<string>();
  for (const [, digits] of bodyText.matchAll(SENT_NUMBER)) {
    if (digits !== undefined && Number(digits) === value) spellings.add(digits);
    if (spellings.size === MOST_SPELLINGS) break;
  }
  return spellings.size > 0 ? [...spellings] : [String(value)];
}

function badTimestamp(message: string): HttpProblem {
  return new HttpProblem(400, `The timestamp ${message}.`, { errors: [{ path: '/timestamp', message }] });
}

const QUARTER_HOUR_S = 900;
const NEAR_S = 60;
const FARTHEST_ZONE_S = 14 * 3600;

function checkClock(seconds: number, apiKey: string, { clock, clockSkewS }: Deps): void {
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
    apiKey,
  );
}

async function findProvenKey(
  { apiKey, hash }: LoginRequest,
  timestamps: string[],
  address: string,
  { apiKeys }: Deps,
): Promise<ProvenKey> {
  const presented = hash.toLowerCase();
  const proven = await apiKeys.prove(
    { by: 'HMAC', apiKey, address },
    {
      text: `${presented} ${timestamps.join(' ')}`,
      proves: (secret, key) =>
        timestamps.some((timestamp) => isHash(presented, apiKey + timestamp, secret, key)),
    },
  );
  if (!proven)
    throw unauthorized('Authentication failed: the key, its secret or the hash is not valid.', apiKey);
  return proven;
}

/** A successful login; the secret may be the former one. */
interface Proof {
  secret: string;
  message: string;
  hash: string;
}

/**
 * The last proof of each key. Clients that log in before every call send the same hash for a second, and the hash is a
 * tenth of the cost of a login.
 */
const lastProofs = new WeakMap<ApiKey, Proof>();
const NO_HASH = '0'.repeat(64);

/**
 * Whether `presented` is the hash of the message. A remembered proof makes only a success faster: all failures take the
 * same time.
 */
function isHash(presented: string, message: string, secret: string, key: ApiKey | undefined): boolean {
  const last = key && lastProofs.get(key);
  const known = last?.message === message && last.secret === secret ? last.hash : NO_HASH;
  if (equalDigests(known, presented) && known !== NO_HASH) return true;
  const hash = loginHash(secret, message);
  if (!equalDigests(hash, presented)) return false;
  if (key) lastProofs.set(key, { secret, message, hash });
  return true;
}

function reply({ token, expiresAtS }: IssuedToken): LoginReply {
  return { authenticated: true, message: 'Authentication successful', token, expiration: expiresAtS };
}

function unauthorized(message: string, apiKey: string): HttpProblem {
  return new HttpProblem(401, message, {
    headers: { 'www-authenticate': 'HMAC-SHA256 realm="rollcall"' },
    failedLogin: { by: 'HMAC', apiKey },
  });
}
