// Puts the command line together into few files, in dist/bin: loading some nine hundred modules would take most of a
// command's time.
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { LOADED, OPTIONAL } from './loaded-packages.mjs';

await build({
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  input: { rollcall: 'src/cli/main.ts' },
  platform: 'node',
  // `pg` asks it what it runs in; where there is none, as in Node.js 20, it tries a Response, which loads all of fetch.
  transform: { define: { navigator: '{"userAgent":"Node.js"}' } },
  external: [...LOADED, ...OPTIONAL],
  plugins: [{ name: 'ascii', generateBundle: (_, files) => Object.values(files).forEach(toAscii) }],
  output: {
    dir: 'dist/bin',
    cleanDir: true,
    chunkFileNames: '[name].js',
    sourcemap: true,
    // In one file what most commands share: to find and read one takes as long as to load all that is in it.
    codeSplitting: { groups: [{ name: 'shared', minShareCount: 8 }] },
    comments: { annotation: false, jsdoc: false, legal: true },
  },
});

/** V8 keeps a text with a single character beyond Latin-1 in two bytes a character, and reads it half as fast. */
function toAscii(file) {
  if (file.type !== 'chunk') return;
  if (/\\[^\0-\x7f]/.test(file.code)) throw new Error(`${file.fileName} escapes a character beyond ASCII.`);
  file.code = file.code.replaceAll(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
