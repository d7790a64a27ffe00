import { statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { defineConfig, mergeConfig } from 'vitest/config';
import shared from './vitest.shared.ts';

const IN_MEMORY_DIR = '/dev/shm';
const GIBIBYTE = 2 ** 30;

// Some two hundred databases are made and removed, of four hundred files each; none has to outlive a loss of power.
if (!process.env.TMPDIR && hasRoomInMemory()) process.env.TMPDIR = IN_MEMORY_DIR;

function hasRoomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY_DIR);
    return bavail * bsize > 6 * GIBIBYTE && freemem() > 8 * GIBIBYTE;
  } catch {
    return false;
  }
}

export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['packages/*/test/**/*.test.ts'],
      exclude: ['**/*.scale.test.ts'],
      maxWorkers: 3,
    },
  }),
);
