import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The bundle puts every module into dist/bin, two folders below the package. So this file must also lie two
// folders below the package.
const PACKAGE_DIR = new URL('../../', import.meta.url);

/** The version of this release. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('package.json', PACKAGE_DIR), 'utf8')) as { version: string }
).version;

/** The folder of this release's migrations. */
export const MIGRATIONS_DIR = fileURLToPath(new URL('migrations/', PACKAGE_DIR));

/**
 * The folder of the console's built pages: within the published package, or in the package of the console beside this one.
 *
 * @throws if neither is installed
 */
export function consoleDir(): string {
  const published = fileURLToPath(new URL('console/', PACKAGE_DIR));
  if (existsSync(published)) return published;
  return join(dirname(createRequire(import.meta.url).resolve('@rollcall/console/package.json')), 'dist');
}
