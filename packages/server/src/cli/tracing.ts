import type { Logger } from 'pino';
import type { ServerConfig } from '../config.ts';
import type { Tracing } from '../http/tracing/tracing.ts';
import { observeWork } from '../store/connections/observer.ts';

/** What makes traces of this process; undefined if the settings want none. */
export async function openTracing(
  { otlp }: Pick<ServerConfig, 'otlp'>,
  log: Logger,
): Promise<Tracing | undefined> {
  if (otlp === undefined) return undefined;
  // The library is large, and nobody else needs it.
  const { OtlpTracing } = await import('../http/tracing/otlp-tracing.ts');
  const tracing = new OtlpTracing({
    url: otlp,
    onFailure: (err) =>
      log.warn({ err }, 'the collector of --otlp does not take traces; further failures are not logged'),
  });
  observeWork(tracing);
  return tracing;
}
