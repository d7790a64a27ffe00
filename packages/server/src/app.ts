import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import type { AppDeps } from './app-deps.ts';
import { ApiKeys } from './auth/api-keys.ts';
import { CredentialLookUps } from './auth/credential-look-ups.ts';
import { guardRoutes } from './auth/guard.ts';
import { openIdSettings } from './auth/identity-provider.ts';
import { keyRoutes } from './auth/key-routes.ts';
import { followMasterKeys } from './auth/master-key-changes.ts';
import { peopleRoutes } from './auth/people-routes.ts';
import { requestRoutes } from './auth/request-routes.ts';
import { authRoutes } from './auth/routes.ts';
import { scimTokenRoutes } from './auth/scim-token-routes.ts';
import { proveScimToken } from './auth/scim-tokens.ts';
import { callerOfSender } from './auth/senders.ts';
import { Sessions } from './auth/sessions.ts';
import { SigningKeys } from './auth/signing-keys.ts';
import { Tokens } from './auth/tokens.ts';
import { csvImportRoutes } from './csv-import/routes.ts';
import { directoryRoutes } from './directory/routes.ts';
import { floorRoutes } from './floor/routes.ts';
import { keepAuditTrail } from './http/audit/audit-trail.ts';
import { refuseUnknownMembers } from './http/body-members.ts';
import { readBodies } from './http/body-reader.ts';
import { consoleRoutes } from './http/console.ts';
import { correlationIdOf } from './http/correlation.ts';
import { allowOrigins } from './http/cors.ts';
import { describeRoutes } from './http/docs.ts';
import { handleError, sendProblem, unavailable } from './http/errors.ts';
import { FailedLoginLog } from './http/failed-logins.ts';
import { healthRoutes } from './http/health.ts';
import { refuseAmbiguousHosts } from './http/host.ts';
import { acceptJson } from './http/json-body.ts';
import { compileSchemasLazily } from './http/lazy-schemas.ts';
import { logAnswers, RequestLog } from './http/logging.ts';
import { OutageLog } from './http/outages.ts';
import { validateQueries } from './http/query-parameters.ts';
import { limitRoutes } from './http/rates/limit-routes.ts';
import { LiveProcesses } from './http/rates/live-processes.ts';
import { RateLimits } from './http/rates/rate-limits.ts';
import { RefusalScheduler } from './http/refusal-scheduler.ts';
import { RequestRecord } from './http/request-record.ts';
import { readRouteOnce } from './http/route.ts';
import { securityHeaders } from './http/security-headers.ts';
import { endStalledConnections } from './http/stalled-connections.ts';
import { Transfers } from './http/transfers.ts';
import { answerExpectations } from './http/unread-body.ts';
import { refuseConnection, refuseConnections, refusePath, unknownPath } from './http/unroutable.ts';
import { DeskPresence } from './ingest/desk-presence.ts';
import { DirectoryCache } from './ingest/directory-cache.ts';
import { EventQuotas } from './ingest/event-quotas.ts';
import { EventWriter } from './ingest/event-writer.ts';
import { PastRetention } from './ingest/past-retention.ts';
import { RefusedEventLog } from './ingest/refused-event-log.ts';
import { ingestRoutes } from './ingest/routes.ts';
import { SourceActivity } from './ingest/source-activity.ts';
import { LABEL_VALUES } from './label-values.ts';
import { retentionRoutes } from './privacy/retention-routes.ts';
import { privacyRoutes } from './privacy/routes.ts';
import { visitorRoutes } from './privacy/visitor-routes.ts';
import { errorFormatOf } from './provisioning/errors.ts';
import { provisioningRoutes } from './provisioning/routes.ts';
import { canonicalScimUrl } from './provisioning/scim-path.ts';
import { CredentialChanges } from './store/auth/credential-changes.ts';
import { TenantWriteQueue } from './store/connections/tenant-write-queue.ts';
import { VERSION } from './store/release.ts';
import { AggregateKeeper } from './warehouse/aggregates.ts';
import { auditListRoutes } from './warehouse/audit-list.ts';
import { latestArrivalsRoutes } from './warehouse/latest-arrivals.ts';
import { warehouseRoutes } from './warehouse/routes.ts';
import { todayRoutes } from './warehouse/today.ts';
import { workdayRoutes } from './workday/routes.ts';

export type { AppDeps } from './app-deps.ts';
export type App = FastifyInstance;

/** Issuer and audience of tokens if no public URL is set. They are constant, so that tokens survive restarts. */
const DEFAULT_ISSUER = 'urn:rollcall';

const EVENT_BODY_LIMIT_BYTES = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
/** The server ends a connection whose client does not go on for this time: see `endStalledConnections`. */
export const STALLED_CONNECTION_MS = 120_000;
const KEEP_ALIVE_MS = 72_000;

/** Builds the server. No other code does so. Listen on the result, or inject requests into it. */
export async function createApp(deps: AppDeps): Promise<App> {
  const { config, database, masterKey, lifecycle, monitor, tracing } = deps;
  const { clock = Date.now, stopwatch = () => performance.now() } = deps;
  monitor?.beginAtZero(LABEL_VALUES);
  const app = Fastify({
    logger: false,
    genReqId: (request) => correlationIdOf(request, tracing?.beginRequest(request)),
    childLoggerFactory: (_logger, bindings) => new RequestLog(deps.logger, bindings),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'correlationId' }),
    trustProxy: config.trustProxy,
    bodyLimit: EVENT_BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: STALLED_CONNECTION_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // While the server closes, it still serves requests that come on open connections, like requests in flight.
    return503OnClosing: false,
    frameworkErrors: refusePath(errorFormatOf),
    rewriteUrl: ({ url = '/' }) => canonicalScimUrl(url),
    clientErrorHandler: (error, socket) => refuseConnection(deps.logger, error, socket),
    routerOptions: {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      // The longest id of a key.
      maxParamLength: 128,
    },
    ...(deps.tls ? { https: deps.tls } : {}),
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as App;

  answerExpectations(app);
  endStalledConnections(app);
  refuseConnections(app, deps.logger);

  const changes = new CredentialChanges(database, () =>
    deps.logger.warn(
      'ignored a message on the channel rollcall_changes that no Rollcall server sent; docs/operations.md says how to keep other roles from connecting',
    ),
  );
  followMasterKeys(masterKey, { changes, database, lifecycle, log: deps.logger });
  const lookUps = new CredentialLookUps(database);
  const processes = new LiveProcesses({ database, lifecycle });
  const apiKeys = new ApiKeys({ database, lookUps, changes, masterKey, processes, clock });
  const { tokenLifeS: lifeS, tokenReuseS: reuseS } = config;
  const signingKeys = new SigningKeys({
    database,
    changes,
    masterKey,
    clock,
    longestTokenS: lifeS + reuseS,
  });
  const issuer = config.publicUrl ?? DEFAULT_ISSUER;
  const tokens = new Tokens({ signingKeys, issuer, lifeS, reuseS, clock });
  const refusals = new RefusedEventLog({ database, clock, keep: config.refusedEventsKept, log: deps.logger });
  const activity = new SourceActivity({ database, log: deps.logger, monitor });

  const outages = new OutageLog({ log: deps.logger, ping: () => database.ping(), clock });
  app.decorate('outages', outages);
  const failedLogins = new FailedLoginLog(deps.logger, monitor);
  app.decorate('failedLogins', failedLogins);
  keepAuditTrail(app, { database, clock, log: deps.logger });
  const refusalScheduler = new RefusalScheduler();
  app.setErrorHandler(async (error, request, reply) => {
    await refusalScheduler.next();
    return handleError(error, request, reply);
  });
  app.setNotFoundHandler(async (request, reply) => {
    await refusalScheduler.next();
    return sendProblem(unknownPath(app, request), request, reply);
  });
  tracing?.watch(app);
  readRouteOnce(app);
  const requestRecord = new RequestRecord({ database, clock, log: deps.logger });
  logAnswers(app, deps.logger, { record: requestRecord, monitor });
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(securityHeaders(request.protocol)).header('correlationId', request.id);
    if (lifecycle.isDraining) reply.header('connection', 'close');
    done();
  });
  refuseAmbiguousHosts(app);
  await allowOrigins(app, config.corsOrigins);
  app.addHook('onRequest', (request, _reply, done) => {
    const mustWait = !lifecycle.migrated && !request.route.config?.servesUnmigrated;
    done(mustWait ? unavailable() : undefined);
  });
  compileSchemasLazily(app, {
    customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, strict: false },
  });
  const limits = { requests: config.eventBacklog, bytes: config.eventBacklogMib * 1024 * 1024 };
  readBodies(app, limits, stopwatch);
  acceptJson(app);
  const instanceId = async () => (await signingKeys.signer()).instanceId;
  const sessions = new Sessions({ database, lookUps, instanceId, clock });
  guardRoutes(app, {
    apiKeys,
    tokens,
    sessions,
    proveScimToken: (token) => proveScimToken(token, { lookUps, database, clock }),
  });
  const rates = new RateLimits({ stopwatch, processes, log: deps.logger });
  limitRoutes(app, rates);
  const quotas = new EventQuotas({
    database,
    defaultQuota: config.dailyEventQuota,
    processes,
    clock,
    stopwatch,
    log: deps.logger,
  });
  validateQueries(app);
  refuseUnknownMembers(app);
  await describeRoutes(app, VERSION);
  consoleRoutes(app);

  await app.register(healthRoutes, { database, lifecycle });
  await app.register(authRoutes, {
    apiKeys,
    tokens,
    signingKeys,
    rates,
    clock,
    clockSkewS: config.clockSkewS,
    publicUrl: config.publicUrl,
    issuer,
  });
  await app.register(peopleRoutes, {
    database,
    lookUps,
    sessions,
    masterKey,
    instanceId,
    clock,
    log: deps.logger,
    publicUrl: config.publicUrl,
    openId: openIdSettings(config, deps.oidcClientSecret),
  });
  await app.register(keyRoutes, { database, masterKey, clock });
  await app.register(scimTokenRoutes, { database, clock });
  await app.register(requestRoutes, { database });
  await app.register(ingestRoutes, {
    database,
    directory: new DirectoryCache(database, monitor),
    writer: new EventWriter(database, quotas, monitor),
    pastRetention: new PastRetention(database, stopwatch),
    quotas,
    defaultEventQuota: config.dailyEventQuota,
    desks: new DeskPresence(database),
    refusals,
    activity,
    callerOfSender,
    clock,
    log: deps.logger,
  });
  const writeQueue = new TenantWriteQueue();
  const transfers = new Transfers({
    sizes: database.streamSizes,
    graceS: config.exportGraceS,
    leastBytesPerS: config.exportLeastKibS * 1024,
    stopwatch,
    limits: rates,
    monitor,
  });
  await app.register(directoryRoutes, { database, clock, writeQueue, transfers });
  await app.register(csvImportRoutes, { database, clock, stopwatch, writeQueue });
  await app.register(floorRoutes, { database, clock, stopwatch, writeQueue, transfers });
  await app.register(provisioningRoutes, { database, clock, writeQueue, publicUrl: config.publicUrl });
  await app.register(workdayRoutes, { database, clock });
  await app.register(privacyRoutes, { database, clock, transfers });
  await app.register(visitorRoutes, { database, clock, transfers });
  await app.register(retentionRoutes, { database, clock });
  monitor?.watch(database, [app.bodyReader, transfers]);
  const { publicUrl } = config;
  const log = deps.logger;
  const aggregates = new AggregateKeeper(database, log);
  await app.register(warehouseRoutes, { database, clock, publicUrl, transfers, aggregates, monitor, log });
  await app.register(todayRoutes, { database, clock, stopwatch });
  await app.register(latestArrivalsRoutes, { database, clock, stopwatch });
  await app.register(auditListRoutes, { database });

  app.addHook('onListen', (done) => {
    deps.logger.info(`listening on ${app.listeningOrigin}`);
    done();
  });
  changes.start();
  app.addHook('onClose', async () => {
    refusals.close();
    await activity.close();
    await quotas.close();
    await requestRecord.close();
    outages.close();
    failedLogins.close();
    transfers.close();
    rates.close();
    await processes.close();
    await apiKeys.close();
    await changes.close();
  });
  return app;
}
