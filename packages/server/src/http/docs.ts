import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import { refusesUnknownParameters } from './query-parameters.ts';
import { Problem, problems } from './schema.ts';

const DESCRIPTION = `Rollcall speaks the Calven customer API: a client written for it works here unchanged, by
changing only the base URL. docs/compat.md describes our decisions where the vendor leaves a choice.`;

const DOCS = '/docs';

/**
 * The default policy of the page allows other origins. It also sends browsers to https, where a server without TLS does
 * not answer.
 */
const DOCS_POLICY = {
  'default-src': "'self'",
  'base-uri': "'none'",
  'font-src': "'self' data:",
  'frame-ancestors': "'none'",
  'img-src': "'self' data:",
  'object-src': "'none'",
  'script-src-attr': "'none'",
};

/** Describes all routes that are registered after it, and serves the description at /openapi.json and /docs. */
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
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'rollcall',
            description:
              'The cookie of POST /v1/session: __Host-rollcall with TLS, and rollcall-<instance> on the same machine. ' +
              'A person of several organisations names one in the header Rollcall-Organisation. docs/access.md says ' +
              'which roles may call what.',
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
      // Written once, because it does not change. Writing takes milliseconds of the thread, and the route is public.
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
        // Fastify removes the body of an answer to HEAD.
        const { headers, raw } = request;
        const answer = await (await page()).inject({ method: 'GET', url: raw.url ?? url, headers });
        if (answer.statusCode === 404) return reply.callNotFound();
        // The second application must not decide whether the connection stays open.
        const { connection: _, ...pageHeaders } = answer.headers as Record<string, string>;
        return reply.code(answer.statusCode).headers(pageHeaders).send(answer.rawPayload);
      },
    });
  }
}

/** The methods of which the server reads a body: that of GET and DELETE has no meaning. */
const TAKES_BODY = ['POST', 'PUT', 'PATCH'];

/**
 * Documents the problems that every route of a kind can answer. Routes with their own error format document them
 * themselves.
 */
function documentProblems(route: RouteOptions): void {
  const { method, url, schema, config } = route;
  if (!schema || config?.errorFormat) return;
  const response = {
    ...(schema.querystring || refusesUnknownParameters(url) ? problems(400) : {}),
    // A part of a path may be no percent-encoding, or too long.
    ...(url.includes(':') ? problems(400, 414) : {}),
    // Where no body is expected, the server judges one nevertheless.
    ...(schema.body || TAKES_BODY.includes(method as string) ? problems(400, 408, 413, 415) : {}),
    ...(schema.response as object | undefined),
  };
  route.schema = { ...schema, response };
}

/**
 * Swagger UI for the document of `app`. It is a second application, made at the first visit, because loading it would
 * take a tenth of every start and few servers have visitors.
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
        // The bar shows another project's name and a field for documents of other servers.
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
