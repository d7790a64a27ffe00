import { defineConfig, mergeConfig } from 'vitest/config';
import shared from './vitest.shared.ts';

export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['packages/*/test/**/*.scale.test.ts'],
      testTimeout: 900_000,
      // What is measured has the machine to itself.
      maxWorkers: 1,
    },
  }),
);
