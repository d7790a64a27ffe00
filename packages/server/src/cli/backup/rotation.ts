import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataConfig } from '../../config.ts';
import type { BackupEncryption } from '../../store/backup/encryption.ts';
import type { Database } from '../../store/connections/db.ts';
import { withContext } from '../context.ts';
import { toRecordFile } from '../erasure-file.ts';
import { CliError } from '../errors.ts';
import { catchInterruption, Interrupted, unlessInterrupted } from '../interruption.ts';
import { isOperatorError } from '../operator-errors.ts';
import { print, remark } from '../output.ts';
import { BackupFolder, backupName } from './folder.ts';
import { writeVerified } from './write.ts';

/** Timers of Node.js end at 25 days, and know nothing of a clock that is set or a machine that slept. */
const LONGEST_SLEEP_MS = 30_000;

/** Backups into a folder, of which the newest `keep` stay. */
export interface Rotation {
  dir: string;
  keep: number;
  config: DataConfig;
  /** Makes the encryption of one backup. */
  encryption: (() => BackupEncryption) | undefined;
  hasMasterKey: boolean;
  json: boolean;
}

/** Makes one backup, and deletes older ones. Throws operator errors and `Interrupted`. */
export async function backUpOnce(rotation: Rotation): Promise<void> {
  const folder = await openFolder(rotation);
  try {
    await backUp(folder, rotation);
  } finally {
    await folder.close();
  }
}

/** A part of the work of `backUpOnSchedule`. */
type Part = 'backup' | 'record of erasures';

/** The times of the work of `backUpOnSchedule`, as cron expressions in UTC. */
export interface Schedule {
  backups: string;
  /** When it also keeps the record of erasures, which a backup that is older needs. */
  erasures: string;
}

/**
 * Makes backups at set times, and keeps the record of erasures between them, until a signal ends the process. A failure is
 * printed, and the process goes on. The exit code is 1 if the last backup failed. Throws operator errors before the first backup,
 * and `Interrupted` if a signal comes during the work.
 */
export async function backUpOnSchedule(rotation: Rotation, schedule: Schedule): Promise<void> {
  const interruption = catchInterruption();
  const nextBackup = await readSchedule(schedule.backups);
  const nextRecord = await readSchedule(schedule.erasures);
  const folder = await openFolder(rotation);
  try {
    // A wrong setting shows now, not in the first night.
    await withContext(rotation.config, 'rollcall backup', async () => undefined);
    let backupAt = nextBackup();
    let recordAt = nextRecord();
    remark(
      `Backing up into ${rotation.dir} by the schedule ${schedule.backups}; the next backup is at ${backupAt.toISOString()}.`,
    );
    while (await sleepUntil(new Date(Math.min(+backupAt, +recordAt)), interruption)) {
      // A backup keeps the record, too.
      if (+backupAt <= Date.now()) {
        const isMade = await attempt('backup', rotation, () => backUp(folder, rotation));
        process.exitCode = isMade ? 0 : 1;
        backupAt = nextBackup();
      } else {
        await attempt('record of erasures', rotation, () => recordErasures(folder, rotation));
      }
      recordAt = nextRecord();
    }
  } finally {
    await folder.close();
  }
}

/** A function that returns the next time from now. Throws `CliError` if the text is no cron expression. */
async function readSchedule(text: string): Promise<() => Date> {
  const { Cron } = await import('croner');
  const never = new CliError(`The schedule ${JSON.stringify(text)} has no time in the future.`);
  try {
    const cron = new Cron(text, { timezone: 'UTC' });
    const nextTime = () => {
      const next = cron.nextRun();
      if (next === null) throw never;
      return next;
    };
    nextTime();
    return nextTime;
  } catch (error) {
    if (error === never) throw error;
    throw new CliError(
      `The schedule ${JSON.stringify(text)} is no cron expression such as "0 2 * * *" (${(error as Error).message}).`,
    );
  }
}

async function openFolder({ dir }: Rotation): Promise<BackupFolder> {
  // An interruption must not end the process before it has given the lock back.
  catchInterruption();
  return unlessInterrupted(BackupFolder.open(dir));
}

/** Does a part of the schedule. Returns whether it succeeded; if not, it has printed why. Throws `Interrupted`. */
async function attempt(part: Part, { json }: Rotation, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const { message, stack } = error as Error;
    const failedAt = new Date().toISOString();
    remark(`rollcall: ${failedAt} The ${part} failed: ${isOperatorError(error) ? message : stack}`);
    if (json) print(JSON.stringify({ failedAt, part, error: message }));
    return false;
  }
}

/** Keeps the newest record of erasures in the folder. */
async function recordErasures(folder: BackupFolder, { config, encryption }: Rotation): Promise<void> {
  await withContext(config, 'rollcall backup', ({ owner }) => keepErasures(folder, owner, encryption?.()));
}

async function keepErasures(
  folder: BackupFolder,
  owner: Database,
  encryption: BackupEncryption | undefined,
): Promise<void> {
  const content = await toRecordFile(owner, encryption);
  await folder.keepErasures(content, encryption !== undefined);
}

async function backUp(folder: BackupFolder, rotation: Rotation): Promise<void> {
  const { config, encryption, hasMasterKey, keep, json } = rotation;
  const createdAt = new Date();
  const name = backupName(createdAt, encryption !== undefined);
  const content = { encryption: encryption?.(), hasMasterKey, createdAt };
  const summary = await withContext(config, 'rollcall backup', async (context) => {
    const file = join(folder.dir, name);
    const written = await writeVerified(file, context, content, (path) => folder.record(name, path));
    await keepErasures(folder, context.owner, encryption?.());
    return written;
  });
  const { deleted, damaged } = await folder.prune(keep);
  for (const each of damaged)
    remark(
      `Warning: ${join(folder.dir, each)} is not what was written any more, so it does not count as a backup.`,
    );
  if (json) {
    const isEncrypted = encryption !== undefined;
    return print(
      JSON.stringify({
        file: name,
        ...summary,
        encrypted: isEncrypted,
        hasMasterKey,
        verified: true,
        deleted,
        damaged,
      }),
    );
  }
  const removed = deleted.length === 0 ? 'No older backup was deleted.' : `Deleted ${deleted.join(', ')}.`;
  print(
    `${createdAt.toISOString()} ${name}: ${summary.rows} rows of ${summary.organisations} organisations, ${summary.bytes} bytes, read back. ${removed}`,
  );
}

/** Returns true at that time, and false if the process is to end before. */
async function sleepUntil(time: Date, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const leftMs = time.getTime() - Date.now();
    if (leftMs <= 0) return true;
    await delay(Math.min(leftMs, LONGEST_SLEEP_MS), undefined, { signal }).catch(() => undefined);
  }
  return false;
}
