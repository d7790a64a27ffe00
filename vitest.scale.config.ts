import { defineConfig } from 'vitest/config';
import shared from './vitest.shared.ts';

// The database of a run is for both projects, so they do not set up one each.
const { globalSetup = [], ...common } = shared.test ?? {};
const test = { ...common, testTimeout: 900_000 };

/** These start processes or a browser, and measure hardly any time. So two of them may share the machine. */
const SHARING = [
  'packages/{console,sdk}/test/**/*.scale.test.ts',
  'packages/server/test/*.property.scale.test.ts',
  'packages/server/test/{backup-damage,backup-encryption,backup-moment,backup-owners,backup-schema}.scale.test.ts',
  'packages/server/test/{database-hosts,end-of-names-orders,end-of-names-rows,erasure-interference}.scale.test.ts',
  'packages/server/test/{examples,export-shares,export-slow-readers,floor-shares,formats-streaming}.scale.test.ts',
  'packages/server/test/{guess-limit,manage-accounts-list,master-key-rotation,outage,parquet-readers}.scale.test.ts',
  'packages/server/test/{promotion,redating-exports,retention-changes,rolling-migrations}.scale.test.ts',
  'packages/server/test/{standby,trigrams}.scale.test.ts',
  'packages/server/test/{demo/{history,live,seed},folder-import/import-whole-folder,jobs/runner}.scale.test.ts',
  'packages/server/test/workday/{concurrency,horizon-days.property}.scale.test.ts',
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
