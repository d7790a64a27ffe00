import { defineConfig } from 'vite';

export default defineConfig({
  base: '/console/',
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The policy of the page allows no fonts and styles from `data:`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // A test checks the sizes, compressed.
    chunkSizeWarningLimit: Number.POSITIVE_INFINITY,
    // The tests read which files each page needs.
    manifest: true,
    rolldownOptions: {
      // The components say "use client" at the top of each module. It has a meaning only where a server renders pages.
      onLog: (level, log, write) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') write(level, log);
      },
    },
  },
});
