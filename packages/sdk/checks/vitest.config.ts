import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../../vitest.config.ts';

export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({
    test: {
      root: new URL('../../..', import.meta.url).pathname,
      include: ['packages/sdk/checks/*.check.ts'],
      testTimeout: 120_000,
      maxWorkers: 1,
    },
  }),
);
