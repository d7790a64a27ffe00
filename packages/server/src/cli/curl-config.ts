import { open, unlink } from 'node:fs/promises';
import { CliError } from './errors.ts';

/**
 * The line of a curl configuration file (`curl -K`) with a key's id and secret. The id of an imported key may be any
 * text.
 */
export function curlUser({ apiKey, secret }: { apiKey: string; secret: string }): string {
  return `user = "${`${apiKey}:${secret}`.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * Creates a key or a secret with `make`, and writes id and secret to a new file for `curl -K` that only its owner can
 * read. It opens the file first, so that it creates no secret without a file. Throws `CliError` if the file cannot be
 * created.
 */
export async function intoCurlConfig<Key extends { apiKey: string; secret: string }>(
  path: string,
  make: () => Promise<Key>,
): Promise<Key> {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(
      error.code === 'EEXIST'
        ? `The file ${path} exists already.`
        : `The file ${path} cannot be written (${error.code}).`,
    );
  });
  try {
    const key = await make();
    await file.writeFile(`${curlUser(key)}\n`);
    return key;
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
}
