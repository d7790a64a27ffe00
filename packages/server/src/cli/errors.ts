/** An error for the user. `message` is one plain sentence, printed without a stack. */
export class CliError extends Error {}

/** For `catch`: turns an error of reading a file into a `CliError`. */
export function unreadable(file: string): (error: NodeJS.ErrnoException) => never {
  return ({ code }) => {
    throw new CliError(`The file ${file} cannot be read (${code}).`);
  };
}

/** Reasons why a file cannot be written, by the error code of the operating system. */
const WRITE_FAULTS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than is allowed',
  EROFS: 'the disk is read-only',
  EACCES: 'this user has no permission',
  EPERM: 'this user has no permission',
  EIO: 'the disk reports an error',
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'its directory is a file',
  EISDIR: 'it is a directory',
  EMFILE: 'too many files are open',
};

/** For `catch`: turns an error of writing a file or folder into a `CliError`. Rethrows other errors. */
export function unwritable(path: string): (error: unknown) => never {
  return (error) => {
    const { code = '', syscall } = error as NodeJS.ErrnoException;
    const reason = WRITE_FAULTS[code];
    if (syscall === undefined || reason === undefined) throw error;
    throw new CliError(`${path} cannot be written: ${reason} (${code}).`);
  };
}
