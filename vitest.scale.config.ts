import { defineConfig } from 'vitest/config';
import shared from './vitest.shared.ts';

// The database of a run is for both projects, so they do not set up one each.
const { globalSetup = [], ...common } = shared.test ?? {};
const test = { ...common, testTimeout: 900_000 };

/** These start processes or a browser, and measure hardly any time. So two of them may share the machine. */
const SHARING = [
  'packages/{console,sdk}/test/**/*.scale.test.ts',
  'packages/server/test/{backup-damage,backup-moment,backup-owners,backup-schema,examples}.scale.test.ts',
  'packages/server/test/{export-shares,export-slow-readers,floor-shares,formats-streaming,guess-limit}.scale.test.ts',
  'packages/server/test/{promotion,standby}.scale.test.ts',
  'packages/server/test/{demo/seed,jobs/runner}.scale.test.ts',
  'packages/server/test/{backup-encryption,end-of-names-orders,erasure-interference}.scale.test.ts',
  'packages/server/test/{manage-accounts-list,master-key-rotation,metrics-questions.property}.scale.test.ts',
  'packages/server/test/{outage,parquet-readers,retention-changes,trigrams,user-search.property}.scale.test.ts',
  'packages/server/test/cli/!(export-long|overload|scim-create).scale.test.ts',
  'packages/server/test/embedded/!(crash).scale.test.ts',
];

export default defineConfig({
  test: {
    globalSetup,
    projects: [
      { test: { ...test, name: 'sharing', include: SHARING, maxWorkers: 2, sequence: { groupOrder: 0 } } },
      {
        test: {
          ...test,
          name: 'alone',
          include: ['packages/*/test/**/*.scale.test.ts'],
          exclude: SHARING,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
