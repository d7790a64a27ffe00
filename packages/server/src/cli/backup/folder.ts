import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { takeLock } from '../../embedded/process-lock.ts';
import { recordName } from '../erasure-file.ts';
import { CliError, unreadable, unwritable } from '../errors.ts';
import { UNFINISHED } from '../new-file.ts';

/** The record of the backups that were written here, in the form of sha256sum. */
const RECORD = 'rollcall-backups.sha256';
const OWN_RECORDS = [RECORD, recordName(true), recordName(false)];
const LOCK = '.rollcall-backups.lock';
const OWN_NAME = /^rollcall-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.(?:age|tar\.gz)$/;
const RECORD_LINE = /^([0-9a-f]{64}) {2}(\S+)$/;

/** A backup in the folder: its name, and the digest of the whole file when it was verified. */
interface Recorded {
  name: string;
  sha256: string;
}

/** What `prune` did. Names are those of files. */
export interface Pruned {
  deleted: string[];
  /** Recorded files that no longer are what was written. They do not count as backups. */
  damaged: string[];
}

/** The name of a backup, by which names sort as times do. */
export function backupName(createdAt: Date, isEncrypted: boolean): string {
  return `rollcall-${createdAt.toISOString().replaceAll(/[:.]/g, '-')}.${isEncrypted ? 'age' : 'tar.gz'}`;
}

/** A folder of backups, which this process alone changes until `close`. */
export class BackupFolder {
  readonly dir: string;
  readonly #unlock: () => Promise<void>;

  private constructor(dir: string, unlock: () => Promise<void>) {
    this.dir = dir;
    this.#unlock = unlock;
  }

  /**
   * Makes the folder if it is missing, mode 0700. Removes what a killed process left unfinished. Throws `CliError` if another
   * process makes backups here, or the folder cannot be written.
   */
  static async open(dir: string): Promise<BackupFolder> {
    await mkdir(dir, { recursive: true, mode: 0o700 }).catch(unwritable(dir));
    const unlock = await takeLock(join(dir, LOCK)).catch(unwritable(dir));
    if (typeof unlock === 'number')
      throw new CliError(`Another process (pid ${unlock}) makes backups in ${dir} already.`);
    const folder = new BackupFolder(dir, unlock);
    for (const name of await readdir(dir).catch(unreadable(dir))) {
      const [own = '', pid] = name.split(UNFINISHED);
      if (pid !== undefined && (OWN_NAME.test(own) || OWN_RECORDS.includes(own)))
        await unlink(join(dir, name)).catch(unwritable(join(dir, name)));
    }
    return folder;
  }

  async close(): Promise<void> {
    await this.#unlock();
  }

  /** Notes a verified backup, whose file is still at `path` and gets `name` next. */
  async record(name: string, path: string): Promise<void> {
    const recorded = await this.#read();
    await this.#write([...recorded, { name, sha256: await digestOf(path) }]);
  }

  /** Replaces the record of erasures, of which the folder keeps the newest. */
  async keepErasures(content: Buffer, isEncrypted: boolean): Promise<void> {
    await this.#replace(recordName(isEncrypted), content);
    const other = join(this.dir, recordName(!isEncrypted));
    await rm(other, { force: true }).catch(unwritable(other));
  }

  /**
   * Deletes recorded backups that are older than the newest `keep` good ones. A backup is good if its file is, byte by byte,
   * what was verified. Deletes nothing while fewer are good, and no file that is not recorded.
   */
  async prune(keep: number): Promise<Pruned> {
    const newestFirst = (await this.#read()).toSorted((a, b) => (a.name < b.name ? 1 : -1));
    const kept: Recorded[] = [];
    const damaged: string[] = [];
    const older: string[] = [];
    let good = 0;
    for (const backup of newestFirst) {
      const path = join(this.dir, backup.name);
      if ((await stat(path).catch(() => undefined)) === undefined) continue;
      if (good === keep) {
        older.push(backup.name);
        continue;
      }
      kept.push(backup);
      // A file that cannot be read is no good backup, either.
      if ((await digestOf(path).catch(() => '')) === backup.sha256) good += 1;
      else damaged.push(backup.name);
    }
    for (const name of older) await unlink(join(this.dir, name)).catch(unwritable(join(this.dir, name)));
    await this.#write(kept.reverse());
    return { deleted: older.reverse(), damaged };
  }

  async #read(): Promise<Recorded[]> {
    const path = join(this.dir, RECORD);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      return unreadable(path)(error);
    });
    const recorded: Recorded[] = [];
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const [, sha256 = '', name = ''] = RECORD_LINE.exec(line) ?? [];
      // A forged name must not lead to a file elsewhere.
      if (!OWN_NAME.test(name))
        throw new CliError(
          `The record ${path} has a line that Rollcall did not write; mend it or remove the file, and no earlier backup is deleted.`,
        );
      recorded.push({ name, sha256 });
    }
    return recorded;
  }

  #write(recorded: Recorded[]): Promise<void> {
    return this.#replace(RECORD, recorded.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(''));
  }

  async #replace(name: string, content: string | Buffer): Promise<void> {
    const path = join(this.dir, name);
    const unfinished = `${path}${UNFINISHED}${process.pid}`;
    try {
      const handle = await open(unfinished, 'w', 0o600);
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      unwritable(path)(error);
    }
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
