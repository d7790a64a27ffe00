import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import { refusesUnknownParameters } from './query-parameters.ts';
import { Problem, problems } from './schema.ts';

const DESCRIPTION = `Rollcall speaks the Calven customer API: a client written for it works here unchanged, by
changing only the base URL. What the vendor leaves open and we decided is described in docs/compat.md.`;

const DOCS = '/docs';

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
  app.addHook('onRoute', documentProblems);
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

  let written: Buffer | undefined;
  app.route({
    method: 'GET',
    url: '/openapi.json',
    config: { access: 'public' },
    schema: { hide: true },
    handler: async (_request, reply) => {
      // It does not change. To write it takes milliseconds of the thread, and anybody may ask for it.
      written ??= Buffer.from(JSON.stringify(app.swagger()));
      return reply.type('application/json; charset=utf-8').send(written);
    },
  });

  const page = docsPage(app);
  for (const url of [DOCS, `${DOCS}/*`]) {
    app.route({
      method: 'GET',
      url,
      config: { access: 'public' },
      schema: { hide: true },
      handler: async (request, reply) => {
        // Of the answer to a HEAD, Fastify leaves the body out.
        const { headers, raw } = request;
        const answer = await (await page()).inject({ method: 'GET', url: raw.url ?? url, headers });
        if (answer.statusCode === 404) return reply.callNotFound();
        // Whether the connection is kept is not for the page to say.
        const { connection: _, ...pageHeaders } = answer.headers as Record<string, string>;
        return reply.code(answer.statusCode).headers(pageHeaders).send(answer.rawPayload);
      },
    });
  }
}

/**
 * Documents the problems that a route answers because of what it is, and not because of what it does. Routes with errors in a
 * shape of their own document these themselves.
 */
function documentProblems(route: RouteOptions): void {
  const { url, schema, config } = route;
  if (!schema || config?.errorFormat) return;
  const response = {
    ...(schema.querystring || refusesUnknownParameters(url) ? problems(400) : {}),
    ...(url.includes(':') ? problems(414) : {}),
    ...(schema.body ? problems(400, 408, 413, 415) : {}),
    ...(schema.response as object | undefined),
  };
  route.schema = { ...schema, response };
}

/**
 * Swagger UI on the document of `app`, as an application of its own that is made at the first visit: loading it would take a tenth of
 * every start, and few servers are visited.
 */
function docsPage(app: FastifyInstance): () => Promise<FastifyInstance> {
  const make = async () => {
    const { default: swaggerUi } = await import('@fastify/swagger-ui');
    const site = Fastify({ routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true } });
    await site.register(swagger, { mode: 'static', specification: { document: app.swagger() as never } });
    await site.register(swaggerUi, {
      routePrefix: DOCS,
      // The badge would send the document to a validator on the internet.
      uiConfig: { validatorUrl: null, docExpansion: 'list', persistAuthorization: false },
      staticCSP: DOCS_POLICY,
      theme: {
        title: 'Rollcall API',
        // The bar would carry another project's name, and a field for other servers' documents.
        css: [{ filename: 'rollcall.css', content: '.swagger-ui .topbar { display: none }' }],
      },
    });
    return site;
  };
  let made: Promise<FastifyInstance> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
