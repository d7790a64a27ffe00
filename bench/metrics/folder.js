import { runRollcall } from '../processes.js';

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
  await runRollcall(['export', ...datasets, ...args], {
    ROLLCALL_BASE_URL: `http://${host}:${port}`,
    ROLLCALL_API_KEY: key.apiKey,
    ROLLCALL_SECRET: key.secret,
  });
}
