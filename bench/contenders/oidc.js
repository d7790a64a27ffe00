import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

/*
 * oidc-provider, set up as its documentation says for the client credentials grant with JWT access tokens (a resource
 * server). It signs with ES256, as the product does, and holds clients and tokens in its own memory.
 */

const RESOURCE = 'urn:bench:api';

process.once('message', async ({ data: { clients } }) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const provider = new Provider('http://127.0.0.1', {
    clients: clients.map(({ apiKey, secret }) => ({
      client_id: apiKey,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_post',
    })),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' }] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        getResourceServerInfo: () => ({
          scope: '',
          audience: RESOURCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 3_600,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  provider.on('server_error', (_context, error) => console.error(error));
  const server = createServer(provider.callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send({ listening: server.address().port });
  process.once('disconnect', () => {
    server.close();
    server.closeAllConnections();
  });
});
