import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CliError, unreadable } from './errors.ts';

/** Reads a secret from a file, or from standard input (also `-`). Throws `CliError` if it is empty. */
export async function readSecret(file: string | undefined): Promise<string> {
  const isInput = file === undefined || file === '-';
  const content = isInput ? await text(process.stdin) : await readFile(file, 'utf8').catch(unreadable(file));
  const secret = content.replace(/\r?\n$/, '');
  if (secret === '')
    throw new CliError('The secret is empty; give one on standard input or with --secret-file.');
  return secret;
}
