import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** Traces of the requests of a server. The library of OpenTelemetry is loaded only if there are some. */
export interface Tracing {
  /** Begins the span of a request. Returns the id of its trace: 32 hexadecimal digits. */
  beginRequest(request: IncomingMessage): string;
  /** Lets what the requests of a server do be a part of their spans, and ends these with the answers. */
  watch(app: FastifyInstance): void;
  /** Sends what waits, for some seconds at most. */
  close(): Promise<void>;
}
