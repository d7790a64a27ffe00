import Fastify from 'fastify';
import pg from 'pg';
import { insertEvents, SESSION } from '../load/insert.js';

/*
 * Bare Fastify: its routes validate the body, answer the same JSON as the product, and insert each event durably. They do
 * nothing else. No hooks, no logging, no headers beyond Fastify's own, no credentials.
 */

const POOL_SIZE = 10;
/** As long as a token of the product. */
const TOKEN = `ey${'x'.repeat(498)}`;

const text = { type: 'string' };

process.once('message', async ({ target, data: { organisations, keys } }) => {
  const pool = new pg.Pool({
    ...target,
    application_name: 'bench bare',
    max: POOL_SIZE,
    onConnect: (client) => client.query(SESSION),
  });
  const people = new Map(
    organisations.flatMap(({ users, desks }, organisation) => [
      ...users.map((user) => [user.email, { ...user, organisation }]),
      ...desks.map((desk) => [desk.nodeId, desk]),
    ]),
  );
  const organisationOf = new Map(keys.map((key) => [`bench ${key.apiKey}`, organisations[key.organisation]]));
  const app = Fastify({ logger: false });

  app.post('/v1/auth/', {
    schema: {
      body: {
        type: 'object',
        required: ['apiKey', 'timestamp', 'hash'],
        properties: { apiKey: text, timestamp: { type: ['number', 'string'] }, hash: text },
      },
      response: {
        200: {
          type: 'object',
          required: ['authenticated', 'message', 'token', 'expiration'],
          properties: {
            authenticated: { type: 'boolean' },
            message: text,
            token: text,
            expiration: { type: 'integer' },
          },
        },
      },
    },
    handler: async () => ({
      authenticated: true,
      message: 'Authentication successful',
      token: TOKEN,
      expiration: Math.floor(Date.now() / 1_000) + 3_600,
    }),
  });

  app.post('/v1/presence/', {
    schema: {
      body: {
        type: 'object',
        required: ['sourceId', 'presenceEvents'],
        properties: {
          sourceId: text,
          presenceEvents: {
            type: 'array',
            maxItems: 100,
            items: {
              type: 'object',
              required: ['eventId', 'timestamp', 'locationId', 'locationType'],
              properties: {
                eventId: text,
                timestamp: text,
                locationId: text,
                locationType: text,
                userEmail: text,
              },
            },
          },
        },
      },
      response: {
        200: {
          type: 'object',
          required: ['sourceId', 'timestamp', 'results'],
          properties: {
            sourceId: text,
            timestamp: text,
            results: {
              type: 'array',
              items: {
                type: 'object',
                required: ['eventId', 'resultCode', 'message'],
                properties: { eventId: text, resultCode: { type: 'integer' }, message: text },
              },
            },
          },
        },
      },
    },
    handler: async ({ body: { sourceId, presenceEvents } }) => {
      const events = presenceEvents.map(({ eventId, timestamp, locationId, userEmail }) => ({
        eventId,
        timestamp,
        user: people.get(userEmail),
        desk: people.get(locationId),
      }));
      await insertEvents(pool, organisationOf.get(sourceId), sourceId, events);
      return {
        sourceId,
        timestamp: new Date().toISOString(),
        results: presenceEvents.map(({ eventId }) => ({ eventId, resultCode: 0, message: 'Success' })),
      };
    },
  });

  await app.listen({ host: '127.0.0.1', port: 0 });
  process.send({ listening: app.server.address().port });
  process.once('disconnect', async () => {
    await app.close();
    await pool.end();
  });
});
