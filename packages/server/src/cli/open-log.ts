import cluster from 'node:cluster';
import { resolve } from 'node:path';
import type pino from 'pino';
import type { Logger } from 'pino';
import type { ServerConfig } from '../config.ts';
import { BUFFERING, createLogger, standardOutput } from '../http/logging.ts';
import { CliError } from './errors.ts';
import { remark } from './output.ts';

type LogConfig = Pick<ServerConfig, 'logLevel' | 'logFile' | 'logFileMib' | 'logFilesKept' | 'logFormat'>;

/** Opens the log of the settings. Throws `CliError` if its file cannot be opened. */
export async function openLog(config: LogConfig): Promise<Logger> {
  const destination =
    config.logFile === undefined ? standardOutput() : await openFile(config.logFile, config);
  return createLogger(
    config.logLevel,
    config.logFormat === 'pretty' ? await pretty(destination, config) : destination,
  );
}

async function openFile(
  logFile: string,
  { logFileMib, logFilesKept }: LogConfig,
): Promise<pino.DestinationStream> {
  const { openLogFile } = await import('../http/log-file.ts');
  try {
    return await openLogFile({
      path: resolve(logFile),
      mostBytes: logFileMib * 1024 * 1024,
      kept: logFilesKept,
      rotates: cluster.isPrimary,
      buffering: BUFFERING,
      onFailure: (error) => remark(`Warning: the log file ${logFile} cannot be written (${codeOf(error)}).`),
    });
  } catch (error) {
    throw new CliError(`The log file ${logFile} cannot be opened (${codeOf(error)}).`);
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/** Lines for people. The function of pino-pretty works on one line at once, so no line waits in a stream of its own. */
async function pretty(
  destination: pino.DestinationStream,
  { logFile }: LogConfig,
): Promise<pino.DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const format = prettyFactory({
    colorize: logFile === undefined && process.stdout.isTTY === true,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    singleLine: true,
  });
  return { write: (line: string) => destination.write(format(line)) };
}
