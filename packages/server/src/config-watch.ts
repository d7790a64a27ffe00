import { hiding, setting } from './config-setting.ts';
import { httpUrl, oneOf, text, whole, withoutPassword } from './config-values.ts';

/** How an operator watches the server. */
export const WATCH_SETTINGS = {
  logFile: setting(
    '--log-file <path>',
    'ROLLCALL_LOG_FILE',
    'the server writes its log to this file instead of standard output; only its user can read the file',
    text,
  ),
  logFileMib: setting(
    '--log-file-mib <MiB>',
    'ROLLCALL_LOG_FILE_MIB',
    'with this size the log file gets the name <path>.1, earlier ones <path>.2 and so on, and the server begins a new one',
    whole(1, 100_000),
    100,
  ),
  logFilesKept: setting(
    '--log-files-kept <count>',
    'ROLLCALL_LOG_FILES_KEPT',
    'log files kept besides the current one',
    whole(1, 1_000),
    10,
  ),
  logFormat: setting(
    '--log-format <format>',
    'ROLLCALL_LOG_FORMAT',
    'json for programs, or pretty for people',
    oneOf('json', 'pretty'),
    'json' as const,
  ),
  metricsPort: setting(
    '--metrics-port <number>',
    'ROLLCALL_METRICS_PORT',
    'TCP port of /metrics for Prometheus; 0 picks a free one; by default the server has no metrics',
    whole(0, 65_535),
  ),
  metricsHost: setting(
    '--metrics-host <address>',
    'ROLLCALL_METRICS_HOST',
    'address on which the server listens for /metrics; all who reach it may read the metrics',
    text,
    '127.0.0.1',
  ),
  otlp: hiding(
    setting(
      '--otlp <url>',
      'ROLLCALL_OTLP',
      'address of a collector of OpenTelemetry, such as http://localhost:4318, to which the server sends traces; by default it makes none',
      httpUrl,
    ),
    withoutPassword,
  ),
} as const;
