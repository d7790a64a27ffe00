import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The bundle puts every module into dist/bin. So this file must lie two folders below the package, as that one does.
const PACKAGE_DIR = new URL('../../', import.meta.url);

/** The version of this release. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('package.json', PACKAGE_DIR), 'utf8')) as { version: string }
).version;

/** The folder of this release's migrations. */
export const MIGRATIONS_DIR = fileURLToPath(new URL('migrations/', PACKAGE_DIR));
