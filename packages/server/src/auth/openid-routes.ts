import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { HttpProblem, malformedMember } from '../http/errors.ts';
import { Maybe, problems } from '../http/schema.ts';
import { BEARER_CHALLENGE } from './challenges.ts';
import type { OpenIdSettings } from './identity-provider.ts';
import type { OpenIdSignIns } from './openid-sign-ins.ts';
import { relyingPartyId } from './passkeys.ts';
import { requireSession } from './session-caller.ts';
import { protectSignIns, SessionView, SIGN_IN_PROBLEMS, TAGS, viewOf } from './session-views.ts';
import type { Sessions } from './sessions.ts';

export interface OpenIdRoutesOptions {
  sessions: Sessions;
  /** Absent without an identity provider. */
  openId: { signIns: OpenIdSignIns; settings: OpenIdSettings } | undefined;
  publicUrl: string | undefined;
}

/** The page of the console to which the provider sends the browser. Its administrator registers this address. */
const RETURN_PATH = '/console/sign-in/openid';
const BODY_LIMIT_BYTES = 16 * 1024;
const LONGEST_PATH = 2_000;

const MethodsView = Type.Object({
  password: Type.Boolean(),
  passkey: Type.Object({
    relyingParty: Type.String({ description: 'the domain to which passkeys belong' }),
  }),
  openid: Type.Union([
    Type.Object({
      name: Type.String({ description: 'what the console calls the provider' }),
      issuer: Type.String(),
      rolesFromClaim: Type.Boolean({ description: 'whether a claim gives roles at each sign-in' }),
      linksVerifiedEmail: Type.Boolean({
        description: 'whether a verified e-mail address connects a person with the account of this address',
      }),
    }),
    Type.Null(),
  ]),
});

/** How people sign in, and signing in by OpenID Connect. */
export const openIdRoutes: FastifyPluginAsyncTypebox<OpenIdRoutesOptions> = async (app, options) => {
  const { sessions, openId, publicUrl } = options;
  protectSignIns(app, sessions);

  app.route({
    method: 'GET',
    url: '/v1/session/methods',
    config: { access: 'public' },
    schema: {
      tags: TAGS,
      summary: 'Read how people sign in to this server',
      response: { 200: MethodsView, ...problems(403, 503) },
    },
    handler: async () => ({
      password: true,
      passkey: { relyingParty: relyingPartyId(publicUrl) },
      openid: openId
        ? {
            name: openId.settings.name,
            issuer: openId.settings.issuer,
            rolesFromClaim: openId.settings.rolesClaim !== undefined,
            linksVerifiedEmail: openId.settings.linkVerifiedEmail,
          }
        : null,
    }),
  });

  app.route({
    method: 'POST',
    url: '/v1/session/openid',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'public' },
    schema: {
      tags: TAGS,
      summary: 'Begin a sign-in by OpenID Connect',
      description:
        'The browser then goes to `location`. The sign-in belongs to this browser, and must end within 10 minutes.',
      body: Type.Object({
        back: Maybe(
          Type.String({
            description: 'path of the console, without /console, to which the person goes afterwards',
          }),
        ),
        linkToken: Maybe(Type.String({ description: 'token of a one-time link that the sign-in redeems' })),
        link: Maybe(
          Type.Boolean({
            description:
              'the account of the session gets the identity; takes a sign-in of the last 10 minutes. The provider asks again',
          }),
        ),
        askAgain: Maybe(
          Type.Boolean({
            description:
              'the provider asks a person whom it knows, too, so that the session may do what takes a new sign-in',
          }),
        ),
      }),
      response: { 200: Type.Object({ location: Type.String() }), ...SIGN_IN_PROBLEMS, ...problems(502) },
    },
    handler: async (request, reply) => {
      const { back = null, linkToken = null, link = false, askAgain } = request.body;
      const asksAgain = askAgain === true;
      if (link && linkToken !== null) throw malformedMember('link', 'does not go with /linkToken');
      const session = link ? await requireSession(request, sessions, BEARER_CHALLENGE) : null;
      const redirectUri = `${publicUrl ?? `${request.protocol}://${request.host}`}${RETURN_PATH}`;
      const wanted = { redirectUri, back: checkedPath(back), linkToken, session, asksAgain };
      return { location: await signInsOf(openId).begin(request, reply, wanted) };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/session/openid/return',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'public' },
    schema: {
      tags: TAGS,
      summary: 'End a sign-in by OpenID Connect',
      body: Type.Object({
        query: Type.String({
          description: 'the part after `?` of the address to which the provider sent the browser',
        }),
      }),
      response: {
        200: Type.Object({ session: SessionView, back: Type.Union([Type.String(), Type.Null()]) }),
        ...SIGN_IN_PROBLEMS,
        ...problems(409, 502),
      },
    },
    handler: async (request: FastifyRequest<{ Body: { query: string } }>, reply) => {
      const { session, token, back } = await signInsOf(openId).finish(request, reply, request.body.query);
      if (token !== null) {
        app.audit.noteSignIn(request, session);
        await sessions.sendToken(request, reply, { session, token });
      }
      return { session: viewOf(session), back };
    },
  });
};

function signInsOf(openId: OpenIdRoutesOptions['openId']): OpenIdSignIns {
  if (openId) return openId.signIns;
  throw new HttpProblem(403, 'This server has no identity provider; its operator sets --oidc-issuer.');
}

/** Only paths of the console count, so that nobody is led elsewhere. */
function checkedPath(back: string | null): string | null {
  if (back === null || (back.length <= LONGEST_PATH && /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(back))) return back;
  throw malformedMember('back', 'must be a path of the console');
}
