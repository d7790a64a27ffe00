import { defineConfig, mergeConfig } from 'vitest/config';
import shared from '../../../vitest.shared.ts';
import { GOALS, LIMITS_WHEN_BUSY } from './goals.ts';

/** `--mode busy` is for a machine that does other work at the same time. */
export default defineConfig(({ mode }) =>
  mergeConfig(
    shared,
    defineConfig({
      test: {
        root: new URL('../../..', import.meta.url).pathname,
        include: ['packages/console/checks/*.check.ts'],
        maxWorkers: 1,
        provide: { timeGoals: mode === 'busy' ? LIMITS_WHEN_BUSY : GOALS },
        // Each page is opened in many ways, and looked at for seconds each time.
        testTimeout: 600_000,
      },
    }),
  ),
);
