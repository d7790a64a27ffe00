import { defineConfig, mergeConfig } from 'vitest/config';
import shared from '../../../vitest.shared.ts';

export default mergeConfig(
  shared,
  defineConfig({
    test: {
      root: new URL('../../..', import.meta.url).pathname,
      include: ['packages/sdk/checks/*.check.ts'],
      maxWorkers: 1,
    },
  }),
);
