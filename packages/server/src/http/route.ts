import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** As `routeOptions`, which Fastify builds again at each access. */
    route: FastifyRequest['routeOptions'];
  }
}

/** Gives requests their `route`. Register it before anything that reads it. */
export function readRouteOnce(app: FastifyInstance): void {
  app.decorateRequest('route');
  app.addHook('onRequest', (request, _reply, done) => {
    request.route = request.routeOptions;
    done();
  });
}
