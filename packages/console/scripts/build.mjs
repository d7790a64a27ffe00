// Builds the pages into dist/, and compresses each file once, so that the server compresses none.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'vite';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const assetsDir = join(packageDir, 'dist/assets');

// The pages are the same wherever they are built. A test runner sets another value, and React is then built for debugging.
process.env.NODE_ENV = 'production';
await build({ configFile: join(packageDir, 'vite.config.ts'), logLevel: 'warn' });
await Promise.all(
  (await readdir(assetsDir)).map(async (name) => {
    const path = join(assetsDir, name);
    const content = await readFile(path);
    const brotli = {
      params: {
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      },
    };
    await writeFile(`${path}.br`, await promisify(brotliCompress)(content, brotli));
    await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }));
  }),
);
