import { defineConfig } from 'vitest/config';

/** What both suites have in common. */
export default defineConfig({
  test: {
    globalSetup: ['packages/server/test/support/global-setup.ts'],
    pool: 'forks',
    // Files share a worker's modules, not their state: each has a database of its own. Loading anew costs a second a file.
    isolate: false,
    // Some start dozens of processes; a busy machine takes its time.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A poll waits for a state, however long that takes: the limit lets it fail by itself before its test is ended.
    expect: { poll: { timeout: 100_000, interval: 20 } },
  },
});
