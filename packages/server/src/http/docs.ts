import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { Problem } from './schema.ts';

const DESCRIPTION = `Rollcall speaks the Calven customer API: a client written for it works here unchanged, by
changing only the base URL. What the vendor leaves open and we decided is described in docs/compat.md.`;

/**
 * The page's own policy would let it load from elsewhere, and would send browsers of a server without TLS to
 * https, where nothing answers.
 */
const DOCS_POLICY = {
  'default-src': "'self'",
  'base-uri': "'self'",
  'font-src': "'self' data:",
  'frame-ancestors': "'self'",
  'img-src': "'self' data:",
  'object-src': "'none'",
  'script-src-attr': "'none'",
};

/** Collects the description of all routes registered after it, and serves it: /openapi.json and /docs. */
export async function describeRoutes(app: FastifyInstance, version: string): Promise<void> {
  app.addSchema(Problem);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Rollcall', version, description: DESCRIPTION, license: { name: 'MIT' } },
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'The token of POST /v1/auth or /v1/auth/token',
          },
          basic: {
            type: 'http',
            scheme: 'basic',
            description: 'Id and secret of a key of the type Basic and HMAC',
          },
        },
      },
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `schema-${i}`) },
  });

  app.route({
    method: 'GET',
    url: '/openapi.json',
    config: { access: 'public' },
    schema: { hide: true },
    handler: async () => app.swagger(),
  });

  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' };
    });
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      // The badge would send the document to a validator on the internet.
      uiConfig: { validatorUrl: null, docExpansion: 'list', persistAuthorization: false },
      staticCSP: DOCS_POLICY,
      theme: {
        title: 'Rollcall API',
        // The bar would carry another project's name, and a field for other servers' documents.
        css: [{ filename: 'rollcall.css', content: '.swagger-ui .topbar { display: none }' }],
      },
    });
  });
}
