import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import { readyUrl } from './listening.ts';
import { serviceStatus } from './status.ts';
import { systemctl } from './systemd.ts';
import { SERVICE } from './unit.ts';

/** A new cluster takes some seconds, a migration of a large database more. */
const READY_TIMEOUT_MS = 60_000;
const LOOK_AGAIN_MS = 200;
const LOG = `Its log: journalctl -u ${SERVICE}`;

/** A service whose server answers. */
export interface Started {
  /** Whether it ran before. */
  restarted: boolean;
  /** The server's address on this machine. */
  url: string;
}

/**
 * Starts the service, or restarts it if it runs. Waits until its server is ready.
 *
 * @throws CliError if the server ends, or is not ready within a minute
 */
export async function startService(): Promise<Started> {
  const restarted = (await serviceStatus()).state === 'active';
  await systemctl('restart', SERVICE);
  const first = await serviceStatus();
  const did = restarted ? 'restarted' : 'started';
  const untilMs = performance.now() + READY_TIMEOUT_MS;
  do {
    const { state, pid } = await serviceStatus();
    // A server that ends gets a new process after a pause.
    if (state !== 'active' || pid === null || pid !== first.pid)
      throw new CliError(`The service was ${did}, but its server ended: the service is ${state}. ${LOG}`);
    const url = await readyUrl(pid);
    if (url !== undefined) return { restarted, url };
    await delay(LOOK_AGAIN_MS);
  } while (performance.now() < untilMs);
  throw new CliError(
    `The service was ${did} and its server runs, but it is not ready after ${READY_TIMEOUT_MS / 1_000} seconds. ${LOG}`,
  );
}
