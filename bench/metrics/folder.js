import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { keep, MAIN } from '../processes.js';

/** The facts that metrics count, as an export has them. */
export const FACT_DATASETS = ['user-booking-attendance', 'presence'];
export const DATASETS = [...FACT_DATASETS, 'groups', 'locations', 'desks'];

/**
 * Runs `rollcall export` into a folder, as Parquet.
 * @param {{ host: string, port: number }} address of the server
 * @param {{ firstDay: string, lastDay: string, key: { apiKey: string, secret: string } }} data
 */
export async function exportFolder({ host, port }, { firstDay, lastDay, key }, datasets, dir) {
  const args = ['--into', dir, '--from', firstDay, '--to', lastDay, '--format', 'parquet'];
  const child = keep(
    spawn(process.execPath, [MAIN, 'export', ...datasets, ...args], {
      env: {
        PATH: process.env.PATH,
        ROLLCALL_BASE_URL: `http://${host}:${port}`,
        ROLLCALL_API_KEY: key.apiKey,
        ROLLCALL_SECRET: key.secret,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`rollcall export ended with ${code}: ${said}`);
}
