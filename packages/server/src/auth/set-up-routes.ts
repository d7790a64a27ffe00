import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Maybe } from '../http/schema.ts';
import type { Database } from '../store/connections/db.ts';
import type { CredentialLookUps } from './credential-look-ups.ts';
import type { Passwords } from './passwords.ts';
import { protectSignIns, SessionView, SIGN_IN_PROBLEMS, viewOf } from './session-views.ts';
import type { Sessions } from './sessions.ts';
import { redeemSetUpLink } from './set-up.ts';

export interface SetUpRoutesOptions {
  database: Database;
  lookUps: CredentialLookUps;
  sessions: Sessions;
  passwords: Passwords;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** Unknown callers use the route. */
const BODY_LIMIT_BYTES = 8 * 1024;

/** The first organisation, by the one-time link that `rollcall serve` prints while there is none. */
export const setUpRoutes: FastifyPluginAsyncTypebox<SetUpRoutesOptions> = async (app, options) => {
  const { sessions } = options;
  protectSignIns(app, sessions);

  app.route({
    method: 'POST',
    url: '/v1/set-up',
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: 'public' },
    schema: {
      tags: ['Sessions'],
      summary: 'Make the first organisation and its administrator, who is signed in then',
      description:
        'While there is no organisation, `rollcall serve` prints a one-time link at its start, good for 15 minutes. Only one ' +
        'such link can ever be redeemed. Members other than `token` and `name` are required: if some are missing, the ' +
        'answer is a 400 that names them, and the link can be used again.',
      body: Type.Object({
        token: Type.String({ description: 'the part of the link after `#token=`' }),
        organisationName: Maybe(Type.String()),
        timeZone: Maybe(Type.String({ description: 'IANA name, such as Europe/London' })),
        email: Maybe(Type.String({ description: 'e-mail address of the administrator' })),
        name: Maybe(Type.String({ description: 'name of the administrator' })),
        password: Maybe(Type.String()),
      }),
      response: { 200: SessionView, ...SIGN_IN_PROBLEMS },
    },
    handler: async (request, reply) => {
      const signedIn = await redeemSetUpLink(request, request.body, options);
      app.audit.noteSignIn(request, signedIn.session);
      await sessions.sendToken(request, reply, signedIn);
      request.log.info({ accountId: signedIn.session.accountId }, 'Rollcall was set up');
      return viewOf(signedIn.session);
    },
  });
};
