import { startContender } from '../processes.js';
import { inTurn } from '../statistics.js';
import { comparison, load } from './common.js';

const CONNECTIONS = 32;

/** HMAC logins, against a bare route that validates and answers the same JSON. */
export async function logins(context) {
  const { server, environment } = context;
  const { target, data } = environment;
  const bare = await startContender('contenders/bare.js', { target, data });
  try {
    const run = (to) =>
      load(context, to, { scenario: 'logins', connections: CONNECTIONS, watched: to === server });
    const results = await inTurn(
      context.runs,
      { rollcall: () => run(server), bare: () => run(bare) },
      context.progress,
    );
    return [
      comparison({
        row: 'logins',
        what: 'logins at /v1/auth, 32 connections',
        unit: 'logins/s',
        ours: results.rollcall,
        against: 'a bare Fastify route',
        theirs: results.bare,
        goal: 0.75,
      }),
    ];
  } finally {
    await bare.stop();
  }
}

/** Tokens by client credentials, handed out again and new every time, against oidc-provider, which signs every time. */
export async function tokens(context) {
  const { server, environment } = context;
  const oidc = await startContender('contenders/oidc.js', { data: environment.data });
  const strict = await environment.startServer({ args: ['--token-reuse-s', '0'], second: true });
  try {
    const run = (to, path) =>
      load(context, to, {
        scenario: 'tokens',
        connections: CONNECTIONS,
        options: { path },
        watched: to === server,
      });
    const results = await inTurn(
      context.runs,
      {
        rollcall: () => run(server, '/v1/auth/token'),
        'rollcall, new ones': () => run(strict, '/v1/auth/token'),
        'oidc-provider': () => run(oidc, '/token'),
      },
      context.progress,
    );
    const line = (what, ours) =>
      comparison({
        row: 'tokens',
        what: `tokens at /v1/auth/token, 32 connections, ${what}`,
        unit: 'tokens/s',
        ours,
        against: 'oidc-provider',
        theirs: results['oidc-provider'],
        goal: 6,
      });
    return [
      line('handed out again within a minute', results.rollcall),
      line('a new one every time', results['rollcall, new ones']),
    ];
  } finally {
    await oidc.stop();
    await strict.stop();
  }
}
