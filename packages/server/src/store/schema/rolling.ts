import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';

/** Servers of an earlier release use the database, and cannot live with a migration that is due. */
export class EarlierServersError extends Error {}

/** The first line of a migration that servers of the release before can live with. */
const ROLLING = /^-- rolling: yes\s*$/;
const ASK_AGAIN_MS = 200;

/** The first of these migrations in `dir` that servers of the release before cannot live with. */
export async function firstNotRolling(dir: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const [line = ''] = (await readFile(join(dir, `${name}.sql`), 'utf8')).split('\n', 1);
    if (!ROLLING.test(line)) return name;
  }
  return undefined;
}

/**
 * Throws `EarlierServersError` if servers use a database whose schema is not up to date. A process that was killed
 * counts as live for ten seconds (`note_server_process`), so this waits until each process has noted anew that it lives, or is
 * forgotten. A process without its database does not count.
 */
export async function refuseEarlierServers(client: pg.ClientBase, migration: string): Promise<void> {
  const { rows } = await client.query<{ began: string; known: boolean }>(
    "SELECT clock_timestamp()::text AS began, to_regclass('rollcall.server_processes') IS NOT NULL AS known",
  );
  const [{ began, known } = { began: '', known: false }] = rows;
  if (!known) return;
  for (;;) {
    const { live, unsure } = await countProcesses(client, began);
    if (unsure > 0) {
      await delay(ASK_AGAIN_MS);
      continue;
    }
    if (live === 0) return;
    throw new EarlierServersError(
      `The migration ${migration} is due, which servers of the earlier release cannot live with, and ${live} of their processes use the database; stop them and start again, or, if none runs, run "rollcall migrate --servers-stopped".`,
    );
  }
}

/** How many processes live for certain, and how many may have died since they noted that they live. */
async function countProcesses(
  client: pg.ClientBase,
  began: string,
): Promise<{ live: number; unsure: number }> {
  const { rows } = await client.query<{ live: number; unsure: number }>(
    `SELECT count(*) FILTER (WHERE seen_at > $1)::integer AS live, count(*) FILTER (WHERE seen_at <= $1)::integer AS unsure
     FROM rollcall.server_processes WHERE seen_at > clock_timestamp() - interval '10 seconds'`,
    [began],
  );
  return rows[0] ?? { live: 0, unsure: 0 };
}
