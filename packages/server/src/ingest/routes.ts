import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { type Access, callerOf } from '../auth/guard.ts';
import { toProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import {
  AccessCredentialReply,
  AccessCredentialSubmission,
  updateAccessCredentials,
} from './access-credentials.ts';
import { submitBatch } from './batch.ts';
import type { EventQuotas } from './event-quotas.ts';
import { OccupancySubmission, occupancy } from './occupancy.ts';
import { PresenceSubmission, presence } from './presence.ts';
import { quotaRoutes } from './quota-routes.ts';
import { refusedRoutes } from './refused-routes.ts';
import { prefersNew, SubmissionHeaders, SubmissionReply } from './results.ts';
import { SUBMITTERS, VISITOR_SUBMITTERS } from './retried-kinds.ts';
import type { RetryDeps } from './retry.ts';
import { sourceRoutes } from './source-routes.ts';
import { submitTimeOff, TimeOffReply, TimeOffSubmission } from './time-off.ts';
import { VisitorArrivalSubmission, visitorArrival } from './visitor-arrival.ts';

export interface IngestRoutesOptions extends RetryDeps {
  quotas: Pick<EventQuotas, 'require'>;
  /** The daily event quota of organisations without one of their own; 0: no quota. */
  defaultEventQuota: number;
}

const ERRORS = problems(400, 401, 403, 413, 415, 503);

/** The routes for submitting events. */
export const ingestRoutes: FastifyPluginAsyncTypebox<IngestRoutesOptions> = async (app, options) => {
  app.addHook('onError', async (request, _reply, error) => {
    // Routes that read refused events are registered here, too.
    if (request.routeOptions.config.eventsIn) await keepMalformed(request, error, options);
  });

  const requireQuota = async (request: FastifyRequest) => options.quotas.require(callerOf(request).tenantId);

  await app.register(refusedRoutes, { ...options, requireQuota });
  await app.register(sourceRoutes, options);
  await app.register(quotaRoutes, options);

  for (const { url, scheme } of [
    { url: '/v1/presence', scheme: 'bearer' },
    { url: '/v1/presence/basic', scheme: 'basic' },
  ] as const) {
    app.route({
      method: 'POST',
      url,
      config: {
        access: { scheme, roles: SUBMITTERS, ofOffices: true } satisfies Access,
        eventsIn: 'presenceEvents',
      },
      onRequest: requireQuota,
      schema: {
        tags: ['Events'],
        summary: 'Submit presence events',
        security: [{ [scheme]: [] }],
        headers: SubmissionHeaders,
        body: PresenceSubmission,
        response: { 200: SubmissionReply, ...ERRORS },
      },
      handler: async (request) => {
        const { sourceId, presenceEvents } = request.body;
        return submitBatch(
          presence,
          {
            caller: callerOf(request),
            sourceId,
            events: presenceEvents,
            tellsNew: prefersNew(request.headers.prefer),
          },
          { ...options, log: request.log },
        );
      },
    });
  }

  app.route({
    method: 'POST',
    url: '/v1/occupancy',
    config: {
      access: { scheme: 'bearer', roles: SUBMITTERS, ofOffices: true } satisfies Access,
      eventsIn: 'occupancyEvents',
    },
    onRequest: requireQuota,
    schema: {
      tags: ['Events'],
      summary: 'Submit occupancy events',
      security: [{ bearer: [] }],
      headers: SubmissionHeaders,
      body: OccupancySubmission,
      response: { 200: SubmissionReply, ...ERRORS },
    },
    handler: async (request) => {
      const { sourceId, occupancyEvents } = request.body;
      return submitBatch(
        occupancy,
        {
          caller: callerOf(request),
          sourceId,
          events: occupancyEvents,
          tellsNew: prefersNew(request.headers.prefer),
        },
        options,
      );
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/timeoff',
    config: { access: { scheme: 'bearer', roles: SUBMITTERS } satisfies Access, eventsIn: 'timeOffEvents' },
    schema: {
      tags: ['Events'],
      summary: 'Schedule and cancel time off',
      security: [{ bearer: [] }],
      body: TimeOffSubmission,
      response: { 200: TimeOffReply, ...ERRORS },
    },
    handler: async (request) =>
      submitTimeOff({ caller: callerOf(request), events: request.body.timeOffEvents }, options),
  });

  app.route({
    method: 'POST',
    url: '/v1/visitor-arrival',
    config: {
      access: { scheme: 'bearer', roles: VISITOR_SUBMITTERS, ofOffices: true } satisfies Access,
      eventsIn: 'visitorArrivals',
    },
    onRequest: requireQuota,
    schema: {
      tags: ['Events'],
      summary: 'Submit arrivals of visitors',
      security: [{ bearer: [] }],
      headers: SubmissionHeaders,
      body: VisitorArrivalSubmission,
      response: { 200: SubmissionReply, ...ERRORS },
    },
    handler: async (request) => {
      const { sourceId, visitorArrivals } = request.body;
      return submitBatch(
        visitorArrival,
        {
          caller: callerOf(request),
          sourceId,
          events: visitorArrivals,
          tellsNew: prefersNew(request.headers.prefer),
        },
        options,
      );
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/access-credentials',
    config: { access: { scheme: 'bearer', roles: SUBMITTERS } satisfies Access, eventsIn: 'data' },
    schema: {
      tags: ['Access credentials'],
      summary: "Activate and deactivate people's cards",
      security: [{ bearer: [] }],
      body: AccessCredentialSubmission,
      response: { 200: AccessCredentialReply, ...ERRORS },
    },
    handler: async (request) =>
      updateAccessCredentials({ caller: callerOf(request), updates: request.body.data }, options),
  });
};

/** Keeps a malformed request with the refused events, so that its sender can see what arrived. */
async function keepMalformed(
  request: FastifyRequest,
  error: Error,
  options: IngestRoutesOptions,
): Promise<void> {
  const problem = toProblem(error);
  const { caller } = request;
  if (!caller || problem.status >= 500 || [401, 403, 429].includes(problem.status)) return;
  const endpoint = (request.routeOptions.url ?? '').split('/')[2] ?? '';
  const sourceId = (request.body as { sourceId?: unknown } | undefined)?.sourceId;
  const refused = {
    sourceId: typeof sourceId === 'string' ? sourceId : undefined,
    eventId: undefined,
    resultCode: undefined,
    cause: 'malformedRequest' as const,
    reason: problem.message,
    event: request.body,
  };
  const { refusals, writer, activity, clock } = options;
  const { tenantId } = caller;
  const kept = refusals.rowsOf(caller, endpoint, [refused]);
  const counts = { accepted: 0, refused: 1, causes: [refused.cause] };
  activity.note(tenantId, { endpoint, sourceId: refused.sourceId ?? '', ...counts, atMs: clock() });
  if (kept.length === 0) return;
  await writer
    .write({ tenantId, expectedVersion: undefined, rows: [], refusals: kept })
    .then(() => refusals.noteKept(tenantId, kept))
    .catch((cause: unknown) => {
      if (request.server.outages.note(cause)) return;
      request.log.warn({ err: cause }, 'a malformed request could not be kept');
    });
}
