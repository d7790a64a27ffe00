// Puts the command line together into few files, in dist/bin: loading some nine hundred modules would take most of a
// command's time.
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

await build({
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  input: { rollcall: 'src/cli/main.ts' },
  platform: 'node',
  // What looks for files of its own, must be there once only (the errors of `pg` are told by their class), or need not be there.
  external: [
    /^@duckdb\//,
    /^pg($|-)/,
    /^pino/,
    /^graphile-worker/,
    /^node-pg-migrate/,
    /^@fastify\/swagger-ui/,
  ],
  output: { dir: 'dist/bin', cleanDir: true, chunkFileNames: '[name].js', sourcemap: true },
});
