import { readFile } from 'node:fs/promises';
import { Rollcall } from '@rollcall/sdk';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { ExportFolder } from '../../src/cli/export/folder.ts';
import type { ExportedFile } from '../../src/cli/export/manifest.ts';
import { EXPORTED_DATASETS, partsOf } from '../../src/cli/export/parts.ts';
import { ExportRun } from '../../src/cli/export/run.ts';
import type { FileFormat } from '../../src/cli/export/write.ts';
import { addNode, addUser } from '../support/directory.ts';
import { fillEveryDataset } from '../support/every-dataset.ts';
import { addSite, type Site } from '../support/presence.ts';
import type { TestServer } from '../support/server.ts';
import { logChanges, setReporting, storeDays } from '../support/workday.ts';

const DAYS = ['2026-03-09', '2026-03-12', '2026-03-30', '2026-03-31', '2026-04-01', '2026-04-02'];

const day = fc.constantFrom(...DAYS);
const pick = fc.integer({ min: 0, max: 2 });

/** The possible changes between two runs. */
const change = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('seen' as const),
      day,
      who: pick,
      text: fc.constantFrom('e', '=1', "'=1", '"a,\r\n"'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('planned' as const),
      day,
      who: pick,
      plan: fc.constantFrom('o', 'r', null),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('redated' as const), day, by: fc.constantFrom(-1, 1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('renamed' as const),
      who: pick,
      name: fc.string({ unit: 'grapheme', maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('visited' as const), day, who: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('logged' as const), day, who: pick }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reporting' as const),
      setting: fc.constantFrom('detect' as const, 'always' as const, 'never' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hired' as const) }) },
);
export type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Events move from one month's file to another one. */
const moved = fc.constantFrom<Change>(
  { do: 'redated', day: '2026-03-31', by: 1 },
  { do: 'redated', day: '2026-04-01', by: -1 },
);

/** The changes before a run. */
export const rounds = fc
  .tuple(fc.array(change, { minLength: 3, maxLength: 8 }), moved)
  .map(([some, last]) => [...some, last]);

/** An organisation with rows in every dataset, and with changes. */
export class ChangingOrganisation {
  readonly key: { apiKey: string; secret: string };
  readonly #server: TestServer;
  readonly #site: Site;
  readonly #people: string[];
  #count = 0;

  private constructor(server: TestServer, site: Site, people: string[]) {
    this.#server = server;
    this.#site = site;
    this.#people = people;
    this.key = site.key;
  }

  static async create(server: TestServer): Promise<ChangingOrganisation> {
    const site = await addSite(server);
    await fillEveryDataset(server, site);
    const { owner } = server.db;
    const more = [await addUser(owner, site.tenantId), await addUser(owner, site.tenantId)];
    const people = [site.user, ...more].map(({ userId }) => userId);
    const organisation = new ChangingOrganisation(server, site, people);
    for (const [index, day] of DAYS.entries()) {
      const who = index % 3;
      await organisation.apply({ do: 'planned', day, who, plan: 'o' });
      await organisation.apply({ do: 'seen', day, who, text: 'e' });
      await organisation.apply({ do: 'visited', day, who });
    }
    return organisation;
  }

  async apply(change: Change): Promise<void> {
    const { tenantId, office } = this.#site;
    const { owner } = this.#server.db;
    const person = 'who' in change ? (this.#people[change.who] ?? '') : '';
    const run = (sql: string, ...values: unknown[]) =>
      owner.inTenant(tenantId, (tx) => tx.query(sql, [tenantId, ...values]));
    const id = `${++this.#count}`;
    switch (change.do) {
      case 'seen':
        await run(
          `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id,
                                        source_id, received_at)
           VALUES ($1, $2::date + interval '9 hours', md5($6)::uuid, $2, $3, $4, $4, $5, 'door', now())`,
          change.day,
          person,
          office.locationId,
          change.text,
          id,
        );
        await run(
          `INSERT INTO occupancy_events (tenant_id, observed_at, event_digest, day, location_id, node_id, event_id,
                                         source_id, occupied, occupancy, received_at)
           VALUES ($1, $2::date + interval '9 hours', md5($5)::uuid, $2, $3, $3, $4, 'sensor', true, 0.1, now())`,
          change.day,
          office.locationId,
          change.text,
          id,
        );
        return;
      case 'visited':
        await run(
          `INSERT INTO visitor_arrivals (tenant_id, observed_at, event_digest, day, location_id, node_id, event_id, source_id,
                                         visitor_name, host_user_id, received_at)
           VALUES ($1, $2::date + interval '9 hours', md5($5)::uuid, $2, $3, $3, $5, '', 'Grace', $4, now())`,
          change.day,
          office.locationId,
          change.day > '2026-03-31' ? null : person,
          id,
        );
        return;
      case 'planned':
        await owner.inTenant(tenantId, async (tx) => {
          for (const table of ['bookings', 'day_plans'])
            await tx.query(`DELETE FROM ${table} WHERE tenant_id = $1 AND user_id = $2 AND day = $3`, [
              tenantId,
              person,
              change.day,
            ]);
        });
        if (change.plan === null) return;
        await storeDays(owner, tenantId, [
          change.plan === 'o'
            ? { userId: person, day: change.day, plan: 'o', locationId: office.locationId }
            : { userId: person, day: change.day, plan: 'r' },
        ]);
        return;
      case 'redated':
        for (const table of ['presence_events', 'occupancy_events', 'visitor_arrivals'])
          await run(
            `UPDATE ${table} SET day = (observed_at AT TIME ZONE 'UTC')::date + $3::integer, written_xid = pg_current_xact_id()
             WHERE tenant_id = $1 AND day = $2`,
            change.day,
            change.by,
          );
        return;
      case 'renamed':
        await run(
          'UPDATE users SET first_name = $3 WHERE tenant_id = $1 AND user_id = $2',
          person,
          change.name.replaceAll('\0', ''),
        );
        return;
      case 'logged':
        await logChanges(owner, tenantId, [
          {
            loggedAt: `${change.day}T12:00:00.00000${id.at(-1)}Z`,
            userId: person,
            day: change.day,
            before: { id },
            after: null,
          },
        ]);
        return;
      case 'reporting':
        return setReporting(owner, tenantId, office.locationId, change.setting);
      case 'hired':
        await addUser(owner, tenantId);
        await addNode(owner, tenantId, { kind: 'space', parentId: office.levelId });
        await addNode(owner, tenantId, { kind: 'place', parentId: office.zoneId });
    }
  }
}

/** The work of `rollcall export` without a separate process: a run, and then the content of the folder. */
export async function exportHere(
  dir: string,
  { baseUrl, apiKey, secret }: { baseUrl: string; apiKey: string; secret: string },
  {
    datasets = EXPORTED_DATASETS,
    format = 'ndjson' as FileFormat,
    startDate = '2026-03-01',
    endDate = '2026-03-31',
    full = false,
    concurrency = 3,
  } = {},
): Promise<{ read: number; changed: number; files: ExportedFile[] }> {
  const client = new Rollcall({ baseUrl, apiKey, secret });
  const folder = await ExportFolder.open(dir, { baseUrl, apiKey, format }, full);
  const options = { format, settledAfter: 14, concurrency, isLenient: false, ...(full ? { full } : {}) };
  try {
    const run = new ExportRun(folder, client, options, new AbortController().signal);
    const files = await folder.commit(await run.all(partsOf(datasets, { startDate, endDate })), new Date());
    return { read: run.read, changed: run.changed, files };
  } finally {
    await folder.close();
  }
}

/** The content of a file, row by row, in a defined order. */
export async function rowsOf(path: string): Promise<string[]> {
  if (!path.endsWith('.parquet')) return (await readFile(path, 'utf8')).split('\n').sort();
  const rows = await parquetReadObjects({
    file: await asyncBufferFromFile(path),
    // Complete instants, because a `Date` would lose their microseconds.
    parsers: { timestampFromMicroseconds: String },
  });
  return rows.map((row) => JSON.stringify(row)).sort();
}
