/** The server could not make the backup. The message is one sentence for the operator. */
export class BackupError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'BackupError';
  }
}

/** The server did not restore the backup. The message is one sentence for the operator. */
export class RestoreError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'RestoreError';
  }
}

/** The content of the file differs from what a backup writes. */
export function damaged(cause?: unknown): RestoreError {
  return new RestoreError('The backup file is damaged; nothing was restored.', cause);
}

/** The file is not a Rollcall backup. */
export function foreign(cause?: unknown): RestoreError {
  return new RestoreError('This is not a Rollcall backup file.', cause);
}

/** The end of the file is missing. */
export function truncated(cause?: unknown): RestoreError {
  return new RestoreError('The backup file is incomplete: its end is missing; nothing was restored.', cause);
}
