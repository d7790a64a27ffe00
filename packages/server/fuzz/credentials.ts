import { ACCOUNT_ROLES } from '../src/store/auth/account-roles.ts';
import { API_KEY_ROLES } from '../src/store/auth/api-keys.ts';
import type { Operation } from './openapi.ts';
import type { Key, World } from './world.ts';

type Headers = [name: string, value: string][];

/** The organisations of which a request has credentials. */
export interface Worlds {
  /** In which things exist that requests name. */
  own: World;
  /** Another one, whose callers name the things of the first. */
  other: World;
}

const basic = ({ apiKey, secret }: Key): Headers => [
  ['authorization', `Basic ${Buffer.from(`${apiKey}:${secret}`).toString('base64')}`],
];
const bearer = (token: string): Headers => [['authorization', `Bearer ${token}`]];
const session = (cookie: string): Headers => [
  ['cookie', cookie],
  ['sec-fetch-site', 'same-origin'],
];

/** Each kind of credentials, as the headers of a request. */
export const CREDENTIALS: Record<string, (worlds: Worlds) => Headers> = {
  none: () => [],
  'wrong bearer': () => bearer('eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.AAAA'),
  'bearer of no token': () => bearer('\u00e9 x'),
  ...Object.fromEntries(
    API_KEY_ROLES.map((role) => [`bearer ${role}`, ({ own }: Worlds) => bearer(own.tokens[role])]),
  ),
  'bearer oauth': ({ own }) => bearer(own.tokens.oauth),
  ...Object.fromEntries(
    (['expired', 'revoked', 'elsewhere', 'office'] as const).map((name) => [
      `bearer ${name}`,
      ({ own }: Worlds) => bearer(own.tokens[name]),
    ]),
  ),
  'header authentication': ({ own }) => [['authentication', `Bearer ${own.tokens.all}`]],
  ...Object.fromEntries(
    API_KEY_ROLES.map((role) => [`basic ${role}`, ({ own }: Worlds) => basic(own.keys[role])]),
  ),
  'basic hmac': ({ own }) => basic(own.keys.hmac),
  ...Object.fromEntries(
    (['revoked', 'elsewhere', 'office'] as const).map((name) => [
      `basic ${name}`,
      ({ own }: Worlds) => basic(own.keys[name]),
    ]),
  ),
  'basic wrong': ({ own }) => basic({ ...own.keys.all, secret: 'wrong' }),
  'basic malformed': () => [['authorization', 'Basic !!!']],
  'scim token': ({ own }) => bearer(own.scimToken),
  'scim token wrong': ({ own }) => bearer(`${own.scimToken.slice(0, -3)}abc`),
  ...Object.fromEntries(
    ACCOUNT_ROLES.map((role) => [`session ${role}`, ({ own }: Worlds) => session(own.cookies[role])]),
  ),
  'session without origin': ({ own }) => [['cookie', own.cookies.administrator]],
  'session cross-site': ({ own }) => [
    ['cookie', own.cookies.administrator],
    ['sec-fetch-site', 'cross-site'],
  ],
  'session of two organisations': ({ own }) => [
    ...session(own.cookies.two),
    ['rollcall-organisation', own.slug],
  ],
  'session of an unnamed organisation': ({ own }) => session(own.cookies.two),
  'session ended': ({ own }) => session(own.cookies.ended),
  'session wrong': ({ own }) => session(`${own.cookies.viewer.split('=', 1)[0]}=wrong`),
  'other organisation': ({ other }) => bearer(other.tokens.all),
};

/** Whether the requests of these credentials belong to another organisation than the things that they name. */
export const isOther = (credential: string): boolean => credential === 'other organisation';

/** The headers of a request. One that ends sessions or changes how a person signs in gets a session of its own. */
export async function credentialHeaders(
  credential: string,
  operation: Operation,
  worlds: Worlds,
): Promise<Headers> {
  const role = ACCOUNT_ROLES.find((each) => credential === `session ${each}`);
  if (role !== undefined && operation.path.startsWith('/v1/session'))
    return session(await worlds.own.signIn(role));
  return CREDENTIALS[credential]?.(worlds) ?? [];
}

/** The credentials that may call an operation, so that its work is reached. */
export function admittedTo({ path, schemes }: Operation): string[] {
  if (path.startsWith('/scim/')) return ['scim token', 'bearer all'];
  const admitted = schemes.flatMap((scheme) => {
    if (scheme === 'basic') return ['basic all'];
    return scheme === 'session' ? ['session administrator'] : ['bearer all', 'bearer oauth'];
  });
  return admitted.length > 0 ? admitted : ['none'];
}
