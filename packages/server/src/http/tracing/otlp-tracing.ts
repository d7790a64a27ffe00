import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
} from '@opentelemetry/sdk-trace-base';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Observer } from '../../store/connections/observer.ts';
import { VERSION } from '../../store/release.ts';
import type { Tracing } from './tracing.ts';

/** A collector that does not answer delays the end of the server by this time at most. */
const EXPORT_TIMEOUT_MS = 3_000;

/** What OpenTelemetry takes as the id of a trace. */
const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;

/** Generates random ids, or takes a given one for the next trace. */
class GivenIds implements IdGenerator {
  given: string | undefined;
  readonly #random = new RandomIdGenerator();

  generateTraceId(): string {
    return this.given ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.#random.generateSpanId();
  }
}

interface OtlpOptions {
  /** The address of the collector, to which the path of the protocol (OTLP/HTTP) is added. */
  url: string;
  /** Called once, when the collector does not take the spans. */
  onFailure: (error: unknown) => void;
}

/**
 * Sends spans to a collector of OpenTelemetry, by OTLP over HTTP in JSON. Spans have the pattern of the route. Of the text of a
 * request, they have the correlation id at most, so they hold nothing about a person. A process has one.
 */
export class OtlpTracing implements Tracing, Observer {
  readonly #provider: BasicTracerProvider;
  readonly #tracer: Tracer;
  readonly #propagator = new W3CTraceContextPropagator();
  readonly #ids = new GivenIds();
  readonly #spans = new WeakMap<IncomingMessage, Span>();

  constructor({ url, onFailure }: OtlpOptions) {
    let hasFailed = false;
    setGlobalErrorHandler((error) => {
      if (!hasFailed) onFailure(error);
      hasFailed = true;
    });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces`, timeoutMillis: EXPORT_TIMEOUT_MS });
    this.#provider = new BasicTracerProvider({
      resource: resourceFromAttributes({
        'service.name': 'rollcall',
        'service.version': VERSION,
        'service.instance.id': randomUUID(),
      }),
      idGenerator: this.#ids,
      spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
    });
    this.#tracer = this.#provider.getTracer('rollcall', VERSION);
  }

  beginRequest(request: IncomingMessage): string {
    const parent = this.#propagator.extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter);
    const { correlationid: given } = request.headers;
    const isFree = trace.getSpanContext(parent) === undefined;
    this.#ids.given = isFree && typeof given === 'string' && TRACE_ID.test(given) ? given : undefined;
    const span = this.#tracer.startSpan(request.method ?? 'HTTP', { kind: SpanKind.SERVER }, parent);
    this.#ids.given = undefined;
    this.#spans.set(request, span);
    return span.spanContext().traceId;
  }

  watch(app: FastifyInstance): void {
    const enter = (request: FastifyRequest, _reply: unknown, done: () => void) => {
      const span = this.#spans.get(request.raw);
      if (span) context.with(trace.setSpan(ROOT_CONTEXT, span), done);
      else done();
    };
    app.addHook('onRequest', (request, _reply, done) => {
      const traceId = this.#spans.get(request.raw)?.spanContext().traceId;
      if (traceId !== undefined && traceId !== request.id) request.traceId = traceId;
      done();
    });
    app.addHook('onRequest', enter);
    // The body may have come in a call of another request.
    app.addHook('preValidation', enter);
    app.addHook('onResponse', (request, reply, done) => {
      const { method, routeOptions } = request;
      const span = this.#spans.get(request.raw);
      const route = routeOptions.url;
      span?.updateName(route === undefined ? method : `${method} ${route}`);
      span?.setAttributes({
        'http.request.method': method,
        ...(route === undefined ? {} : { 'http.route': route }),
        'http.response.status_code': reply.statusCode,
        ...(request.traceId === null ? {} : { 'rollcall.correlation_id': request.id }),
      });
      if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
      span?.end();
      done();
    });
  }

  beginWork(name: string): (failed: boolean) => void {
    // Outside of requests and jobs, the server asks the database all the time.
    if (trace.getActiveSpan() === undefined) return () => undefined;
    const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': name };
    const span = this.#tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes });
    return (failed) => {
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    };
  }

  async runJob<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#tracer.startActiveSpan(`job ${name}`, { root: true }, async (span) => {
      try {
        return await work();
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  async close(): Promise<void> {
    await this.#provider.shutdown().catch(() => undefined);
  }
}
