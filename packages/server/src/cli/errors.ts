/** An error for the user. `message` is one plain sentence, printed without a stack. */
export class CliError extends Error {}

/** For `catch`: a file that cannot be read, as a sentence. */
export function unreadable(file: string): (error: NodeJS.ErrnoException) => never {
  return ({ code }) => {
    throw new CliError(`The file ${file} cannot be read (${code}).`);
  };
}

/** What the operating system says when a file cannot be written, by its code. */
const WRITE_FAULTS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'the file would be larger than is allowed',
  EROFS: 'the disk is read-only',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EIO: 'the disk reports an error',
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'its directory is a file',
  EISDIR: 'it is a directory',
  EMFILE: 'too many files are open',
};

/** For `catch`: `path`, a file or a folder, cannot be written, as a sentence. Other errors stay as they are. */
export function unwritable(path: string): (error: unknown) => never {
  return (error) => {
    const { code = '', syscall } = error as NodeJS.ErrnoException;
    const reason = WRITE_FAULTS[code];
    if (syscall === undefined || reason === undefined) throw error;
    throw new CliError(`${path} cannot be written: ${reason} (${code}).`);
  };
}
