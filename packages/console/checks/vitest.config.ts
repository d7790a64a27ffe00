import { defineConfig, mergeConfig } from 'vitest/config';
import shared from '../../../vitest.shared.ts';

export default mergeConfig(
  shared,
  defineConfig({
    test: {
      root: new URL('../../..', import.meta.url).pathname,
      include: ['packages/console/checks/*.check.ts'],
      maxWorkers: 1,
      // Each page is opened in many ways, and looked at for seconds each time.
      testTimeout: 600_000,
    },
  }),
);
