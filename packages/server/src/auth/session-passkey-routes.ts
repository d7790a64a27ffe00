import { createHash } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { HttpProblem, malformedMember } from '../http/errors.ts';
import { Maybe, problems } from '../http/schema.ts';
import { addPasskey, listPasskeys, removePasskey, renamePasskey } from '../store/auth/passkeys.ts';
import { lockSession } from '../store/auth/sessions.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { nameFault } from './account-texts.ts';
import { BEARER_CHALLENGE } from './challenges.ts';
import { sessionOf } from './guard.ts';
import { lastWay } from './identity-routes.ts';
import { Base64Url, PasskeyAnswer, passkeyJson } from './passkey-json.ts';
import type { PasskeySignIns } from './passkey-sign-ins.ts';
import type { Passkeys } from './passkeys.ts';
import { noSession } from './session-caller.ts';
import { protectSignIns, SessionView, SIGN_IN_PROBLEMS, TAGS, viewOf } from './session-views.ts';
import type { Sessions } from './sessions.ts';

export interface PasskeyRoutesOptions {
  database: Database;
  sessions: Sessions;
  passkeys: Passkeys;
  passkeySignIns: PasskeySignIns;
  /** The issuer of the server's identity provider; null without one. */
  usableIssuer: string | null;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** A passkey's answer is some kilobytes. */
const BODY_LIMIT_BYTES = 16 * 1024;
/** A person has a few devices. */
const MOST_PASSKEYS = 20;
const LONGEST_NAME = 100;

const PasskeyCreated = passkeyJson(
  {
    clientDataJSON: Base64Url,
    attestationObject: Base64Url,
    authenticatorData: Maybe(Base64Url),
    transports: Maybe(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 10 })),
    publicKeyAlgorithm: Maybe(Type.Number()),
    publicKey: Maybe(Base64Url),
  },
  'what the browser answers to the options, as RegistrationResponseJSON of Web Authentication',
);

const PasskeyView = Type.Object({
  passkeyId: Type.String(),
  name: Type.String(),
  backedUp: Type.Boolean({ description: 'whether the device keeps copies on other devices' }),
  createdAt: Type.String({ format: 'date-time' }),
  lastUsedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
});
const Options = (what: string) =>
  Type.Object({ challenge: Type.String() }, { additionalProperties: true, description: what });
const PasskeyPath = Type.Object({ passkeyId: Type.String() });
type PasskeyPath = Static<typeof PasskeyPath>;

const OWN = { tags: TAGS, security: [{ session: [] }] };

/** Passkeys: people sign in with one, and keep their own. */
export const passkeyRoutes: FastifyPluginAsyncTypebox<PasskeyRoutesOptions> = async (app, options) => {
  const { database, sessions, passkeys, passkeySignIns, usableIssuer, clock } = options;
  protectSignIns(app, sessions);

  app.route({
    method: 'POST',
    url: '/v1/session/passkey/options',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'public' },
    schema: {
      tags: TAGS,
      summary: 'Begin a sign-in with a passkey',
      description: 'The answer is for this browser, once, within 5 minutes.',
      response: {
        200: Options('PublicKeyCredentialRequestOptionsJSON of Web Authentication'),
        ...SIGN_IN_PROBLEMS,
      },
    },
    handler: async (request, reply) => ({ ...(await passkeys.requestOptions(request, reply)) }),
  });

  app.route({
    method: 'POST',
    url: '/v1/session/passkey',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'public' },
    schema: {
      tags: TAGS,
      summary: 'Sign in with a passkey',
      body: Type.Object({ credential: PasskeyAnswer }),
      response: { 200: SessionView, ...SIGN_IN_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { credential } = request.body;
      const signedIn = await passkeySignIns.byPasskey(request, reply, credential as never);
      app.audit.noteSignIn(request, signedIn.session);
      await sessions.sendToken(request, reply, signedIn);
      return viewOf(signedIn.session);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/session/passkeys',
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: "List one's own passkeys, the oldest first",
      response: { 200: Type.Object({ items: Type.Array(PasskeyView) }), ...problems(401, 503) },
    },
    handler: async (request) => {
      const { accountId } = sessionOf(request);
      const rows = await database.inSystem((tx) => listPasskeys(tx, accountId));
      return {
        items: rows.map(({ credentialId, name, backedUp, createdAt, lastUsedAt }) => ({
          passkeyId: passkeyIdOf(credentialId),
          name,
          backedUp,
          createdAt: createdAt.toISOString(),
          lastUsedAt: lastUsedAt?.toISOString() ?? null,
        })),
      };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/session/passkeys/options',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: 'Begin to add a passkey; takes a sign-in of the last 10 minutes',
      response: {
        200: Options('PublicKeyCredentialCreationOptionsJSON of Web Authentication'),
        ...problems(400, 401, 403, 408, 413, 415, 503),
      },
    },
    handler: async (request, reply) => {
      const session = sessionOf(request);
      sessions.requireFresh(session);
      return { ...(await passkeys.creationOptions(request, reply, session)) };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/session/passkeys',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: 'Add a passkey',
      body: Type.Object({ name: Type.String(), credential: PasskeyCreated }),
      response: {
        201: Type.Object({ passkeyId: Type.String() }),
        ...problems(400, 401, 403, 408, 409, 413, 415, 503),
      },
    },
    handler: async (request, reply) => {
      const session = sessionOf(request);
      const name = checkedPasskeyName(request.body.name);
      const { spend, ...passkey } = await passkeys.verifyCreation(
        request,
        reply,
        session,
        request.body.credential as never,
      );
      const outcome = await database.inSystem(async (tx) => {
        if (!(await lockSession(tx, session))) throw noSession(BEARER_CHALLENGE);
        if (!(await spend(tx))) return 'known';
        const added = { ...passkey, name, at: new Date(clock()) };
        const outcome = await addPasskey(tx, session.accountId, added, MOST_PASSKEYS);
        if (outcome !== 'too many' && outcome !== 'known')
          await app.audit.addOwn(tx, request, session, 'account.passkey-added', {});
        return outcome;
      });
      if (outcome === 'too many') {
        throw new HttpProblem(409, `An account has at most ${MOST_PASSKEYS} passkeys; remove one first.`);
      }
      if (outcome === 'known') throw new HttpProblem(409, 'This passkey is stored already.');
      return reply.code(201).send({ passkeyId: passkeyIdOf(passkey.credentialId) });
    },
  });

  app.route({
    method: 'PATCH',
    url: '/v1/session/passkeys/:passkeyId',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: 'Rename a passkey',
      params: PasskeyPath,
      body: Type.Object({ name: Type.String() }),
      response: { 204: Type.Null(), ...problems(400, 401, 403, 404, 408, 413, 415, 503) },
    },
    handler: async (request, reply) => {
      const { accountId } = sessionOf(request);
      const name = checkedPasskeyName(request.body.name);
      await database.inSystem(async (tx) => {
        const credentialId = await credentialOf(tx, accountId, request.params);
        if (!(await renamePasskey(tx, accountId, { credentialId, name }))) throw unknownPasskey();
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/session/passkeys/:passkeyId',
    config: { access: 'session' },
    schema: {
      ...OWN,
      summary: 'Remove a passkey; takes a sign-in of the last 10 minutes',
      params: PasskeyPath,
      response: { 204: Type.Null(), ...problems(401, 403, 404, 409, 503) },
    },
    handler: async (request, reply) => {
      const session = sessionOf(request);
      sessions.requireFresh(session);
      const { accountId } = session;
      const outcome = await database.inSystem(async (tx) => {
        const credentialId = await credentialOf(tx, accountId, request.params);
        const outcome = await removePasskey(tx, accountId, credentialId, usableIssuer);
        if (outcome === 'done') await app.audit.addOwn(tx, request, session, 'account.passkey-removed', {});
        return outcome;
      });
      if (outcome === 'unknown') throw unknownPasskey();
      if (outcome === 'required') {
        throw new HttpProblem(
          409,
          'Your account requires a passkey, and this is the last one; turn that off first, or add another one.',
        );
      }
      if (outcome === 'last way') throw lastWay();
      return reply.code(204).send(null);
    },
  });
};

/** The SHA-256 of a credential's id. That id has up to 1,023 bytes, which a path does not take. */
function passkeyIdOf(credentialId: Buffer): string {
  return createHash('sha256').update(credentialId).digest('base64url');
}

/** The credential that a path names. Throws a 404 if it is none of the account. */
async function credentialOf(tx: Tx, accountId: string, { passkeyId }: PasskeyPath): Promise<Buffer> {
  const own = await listPasskeys(tx, accountId);
  const named = own.find(({ credentialId }) => passkeyIdOf(credentialId) === passkeyId);
  if (!named) throw unknownPasskey();
  return named.credentialId;
}

function checkedPasskeyName(name: string): string {
  const trimmed = name.trim();
  const fault = nameFault(trimmed, LONGEST_NAME);
  if (fault !== undefined) throw malformedMember('name', fault);
  return trimmed;
}

function unknownPasskey(): HttpProblem {
  return new HttpProblem(404, 'You have no passkey with this id.');
}
