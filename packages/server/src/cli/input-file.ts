import { openText, type TextInput } from '../files/text-input.ts';
import { unreadable } from './errors.ts';
import { remark } from './output.ts';

/**
 * Opens a text file, or standard input for `-`. Prints the encoding if it is not UTF-8. Throws `CliError` if the file
 * cannot be read, and `FileError` if it is not text.
 */
export async function openInput(path: string): Promise<TextInput> {
  return openText(path, (encoding) => remark(`The file is read as ${encoding}.`)).catch(
    (error: NodeJS.ErrnoException) => sayUnreadable(path, error),
  );
}

/**
 * For `catch`, around everything that reads `input`. Throws `error` if it came from reading; an error of the file
 * system becomes a `CliError`.
 */
export function throwIfOfInput(error: unknown, path: string, { stream }: TextInput): void {
  if (error === stream.errored) sayUnreadable(path, error as NodeJS.ErrnoException);
}

function sayUnreadable(path: string, error: NodeJS.ErrnoException): never {
  if (error.syscall === undefined) throw error;
  return unreadable(path)(error);
}
