import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [] } },
  defineConfig({
    test: {
      include: ['packages/*/test/**/*.scale.test.ts'],
      testTimeout: 900_000,
      // What is measured has the machine to itself.
      maxWorkers: 1,
    },
  }),
);
