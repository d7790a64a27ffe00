import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** The id of the trace of the request, if it is another one than the correlation id. */
    traceId: string | null;
  }
}

/** Traces of the requests of a server. The library of OpenTelemetry is loaded only if there are some. */
export interface Tracing {
  /**
   * Begins the span of a request. Returns the id of its trace: 32 hexadecimal digits. The trace is that of the caller, or takes the
   * correlation id of the caller as its id.
   */
  beginRequest(request: IncomingMessage): string;
  /** Lets what the requests of a server do be a part of their spans, and ends these with the answers. */
  watch(app: FastifyInstance): void;
  /** Sends what waits, for some seconds at most. */
  close(): Promise<void>;
}
