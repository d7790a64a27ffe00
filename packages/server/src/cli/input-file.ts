import { openText, type TextInput } from '../files/text-input.ts';
import { unreadable } from './errors.ts';
import { remark } from './output.ts';

/**
 * Opens a text file, or standard input for `-`; says the encoding where that is not UTF-8. Throws `CliError` where the file
 * cannot be read, and `FileError` where it is no text.
 */
export async function openInput(path: string): Promise<TextInput> {
  return openText(path, (encoding) => remark(`The file is read as ${encoding}.`)).catch(
    (error: NodeJS.ErrnoException) => sayUnreadable(path, error),
  );
}

/** For `catch`, around all that reads `input`: throws `error` where it is of the reading, that of the file system as `CliError`. */
export function throwIfOfInput(error: unknown, path: string, { stream }: TextInput): void {
  if (error === stream.errored) sayUnreadable(path, error as NodeJS.ErrnoException);
}

function sayUnreadable(path: string, error: NodeJS.ErrnoException): never {
  if (error.syscall === undefined) throw error;
  return unreadable(path)(error);
}
