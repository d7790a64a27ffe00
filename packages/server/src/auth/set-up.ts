import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import { networkOf } from '../http/network.ts';
import { insertSetUpLink, setUp } from '../store/auth/set-up.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { findTimeZones } from '../store/schema/time-zones.ts';
import { fold } from '../store/values/fold.ts';
import { LONGEST_SLUG, slugFault } from '../store/values/slugs.ts';
import { uuidV7 } from '../store/values/uuid-v7.ts';
import { emailFault, nameFault } from './account-texts.ts';
import { BEARER_CHALLENGE } from './challenges.ts';
import type { CredentialLookUps } from './credential-look-ups.ts';
import { LINK_LIFE_MS, type ShownLink } from './manage-accounts.ts';
import { hashPassword, type Passwords, passwordFault } from './passwords.ts';
import { generateToken, hashToken, type Sessions } from './sessions.ts';
import type { SignedIn } from './sign-ins.ts';

/** What a caller sends. All but the token and the name are required, and `redeemSetUpLink` says what is missing. */
export interface SetUpRequest {
  token: string;
  organisationName?: string | null;
  timeZone?: string | null;
  email?: string | null;
  name?: string | null;
  password?: string | null;
}

/** The address of a link that sets the server up. */
export function setUpAddress({ token }: ShownLink, baseUrl: string): string {
  return `${baseUrl}/console/set-up#token=${token}`;
}

/** A link that sets the server up, for 15 minutes. Undefined if there is an organisation already. */
export async function createSetUpLink(owner: Database, nowMs: number): Promise<ShownLink | undefined> {
  const token = generateToken();
  const expiresAt = new Date(nowMs + LINK_LIFE_MS);
  const link = { tokenHash: hashToken(token), at: new Date(nowMs), expiresAt };
  return (await owner.inSystem((tx) => insertSetUpLink(tx, link))) ? { token, expiresAt } : undefined;
}

interface Deps {
  database: Database;
  lookUps: CredentialLookUps;
  sessions: Sessions;
  passwords: Passwords;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/**
 * Makes the first organisation and its administrator, who is signed in then. A 400 names all members that are missing
 * or not acceptable, and does not use the link up. Throws a 401 if the link is wrong, used or expired.
 */
export async function redeemSetUpLink(
  request: FastifyRequest,
  given: SetUpRequest,
  { database, lookUps, sessions, passwords, clock }: Deps,
): Promise<SignedIn> {
  const at = new Date(clock());
  const tokenHash = hashToken(given.token);
  if (!(await lookUps.isSetUpOpen(tokenHash, at))) throw refused();
  const checked = await database.inSystem((tx) => check(tx, given));
  const { organisationName, timeZone, email, name, password } = checked;
  const passwordHash = await passwords.inTurn(networkOf(request.ip), () => hashPassword(password));
  const { session, token } = sessions.create(request, 'link');
  const accountId = uuidV7(at.getTime());
  const tenantId = randomUUID();
  const isDone = await database.inSystem(async (tx) => {
    const organisation = { tenantId, slug: slugOf(organisationName), name: organisationName, timeZone };
    const account = { accountId, email, emailFolded: fold(email), name, passwordHash };
    const done = await setUp(tx, { tokenHash, at, organisation, account, session });
    const administrator = { accountId, email, organisations: [{ tenantId }] };
    if (done) await request.server.audit.addOwn(tx, request, administrator, 'organisation.set-up', {});
    return done;
  });
  const begun = isDone ? await sessions.find(token) : undefined;
  if (!begun) throw refused();
  return { session: begun, token };
}

/** What was given, trimmed. Throws a 400 that names each member that is not acceptable. */
async function check(tx: Tx, given: SetUpRequest) {
  const organisationName = given.organisationName?.trim() ?? '';
  const timeZone = given.timeZone?.trim() ?? '';
  const email = given.email?.trim() ?? '';
  const name = given.name?.trim() || null;
  const password = given.password ?? '';
  const known = isIntlTimeZone(timeZone) ? (await findTimeZones(tx, [timeZone])).get(timeZone) : undefined;
  const faults = {
    organisationName: organisationName === '' ? 'is required' : nameFault(organisationName),
    timeZone:
      timeZone === ''
        ? 'is required'
        : known === undefined
          ? 'is not the IANA name of a time zone, such as Europe/London'
          : undefined,
    email: email === '' ? 'is required' : emailFault(email),
    name: name === null ? undefined : nameFault(name),
    password:
      password === '' ? 'is required; choose one of at least 12 characters' : passwordFault(password, email),
  };
  const errors = Object.entries(faults).flatMap(([member, message]) =>
    message === undefined ? [] : [{ path: `/${member}`, message }],
  );
  const [first] = errors;
  if (first) {
    throw new HttpProblem(400, `The request is malformed: ${first.path} ${first.message}.`, { errors });
  }
  return { organisationName, timeZone: known ?? timeZone, email, name, password };
}

/** The short name of the organisation in addresses and commands. */
function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_SLUG)
    .replace(/^-+|-+$/g, '');
  return slugFault(slug) === undefined ? slug : 'organisation';
}

function isIntlTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name !== '';
  } catch {
    return false;
  }
}

function refused(): HttpProblem {
  return new HttpProblem(
    401,
    'The link is wrong, used or expired, or Rollcall is set up already; "rollcall serve" prints a new link at its next ' +
      'start while there is no organisation.',
    { headers: { 'www-authenticate': BEARER_CHALLENGE }, failedLogin: { by: 'link' } },
  );
}
