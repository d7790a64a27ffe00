import { readFileSync } from 'node:fs';
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
