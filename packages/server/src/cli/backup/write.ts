import { createReadStream } from 'node:fs';
import { addOperatorEntryToAll } from '../../http/audit/operator.ts';
import type { BackupSummary } from '../../store/backup/backup.ts';
import type { BackupEncryption } from '../../store/backup/encryption.ts';
import { requireHeldKeys } from '../backup-keys.ts';
import type { Context } from '../context.ts';
import { inNewFile } from '../new-file.ts';
import { showProgress } from '../progress.ts';

/** What a backup is to hold, and how it is encrypted. */
export interface Content {
  encryption: BackupEncryption | undefined;
  hasMasterKey: boolean;
  createdAt: Date;
}

/**
 * Writes the backup, reads it back, and gives the file its name if both agree. `verified` gets the path of the verified file
 * before that. Throws `BackupError`.
 */
export async function writeVerified(
  file: string,
  { target, masterKey, owner }: Context,
  { encryption, hasMasterKey, createdAt }: Content,
  verified: (path: string) => Promise<void> = async () => undefined,
): Promise<BackupSummary> {
  // Loaded here, so that other commands do not wait for it.
  const { backup, readBack } = await import('../../store/backup/backup.ts');
  const writing = showProgress('Backing up', 'rows of a table');
  const verifying = showProgress('Reading back', 'rows');
  try {
    return await inNewFile(
      file,
      'backup',
      (output) =>
        backup({
          target,
          masterKeys: hasMasterKey ? masterKey.inUse.map((key) => key.bytes()) : undefined,
          encryption,
          output,
          createdAt,
          onProgress: (rows) => writing.update(rows, undefined),
        }),
      async (written, summary) => {
        writing.stop();
        const contents = await readBack(createReadStream(written), summary, {
          decryptWith: encryption?.decryptWith,
          onProgress: (rows) => verifying.update(rows, summary.rows),
        });
        requireHeldKeys(contents);
        await verified(written);
        // Before the file has its name: there is no backup without its entries.
        const metadata = { encrypted: encryption !== undefined, masterKey: hasMasterKey };
        await owner.inSystem((tx) =>
          addOperatorEntryToAll(tx, 'backup.made', { metadata, atMs: Date.now() }),
        );
      },
    );
  } finally {
    writing.stop();
    verifying.stop();
  }
}
