import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Database } from '../store/connections/db.ts';
import { unavailable } from './errors.ts';
import { problems } from './schema.ts';

/** Where the server is between its start and its end. */
export interface Lifecycle {
  /** True when the schema is up to date and the keys are checked. */
  migrated: boolean;
  /**
   * True when the server will stop soon. It still answers requests, and closes their connections, so that the next request of
   * a client goes to another server.
   */
  isDraining?: boolean;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route answers during the migration of the schema, when every other route is a 503. */
    servesUnmigrated?: boolean;
  }
}

const Status = Type.Object({ status: Type.Literal('ok') });
const OK = { status: 'ok' } as const;

export interface HealthRoutesOptions {
  database: Database;
  lifecycle: Lifecycle;
}

/**
 * /healthz: the process runs. /readyz: the schema is up to date, the database answers, and the server will not stop soon.
 */
export const healthRoutes: FastifyPluginAsyncTypebox<HealthRoutesOptions> = async (app, options) => {
  app.route({
    method: 'GET',
    url: '/healthz',
    config: { access: 'public', servesUnmigrated: true, isProbe: true },
    schema: { tags: ['Operation'], summary: 'The process runs', response: { 200: Status } },
    handler: async () => OK,
  });
  app.route({
    method: 'GET',
    url: '/readyz',
    config: { access: 'public', servesUnmigrated: true, isProbe: true },
    schema: {
      tags: ['Operation'],
      summary: 'The server is ready',
      response: { 200: Status, ...problems(503) },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      const { migrated, isDraining = false } = options.lifecycle;
      if (!migrated || isDraining) throw unavailable();
      await options.database.ping();
      return OK;
    },
  });
};
