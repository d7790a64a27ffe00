import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { datasets } from '../src/warehouse/datasets.ts';
import { DATES, datesOf } from './support/changes.ts';
import { fillEveryDataset } from './support/every-dataset.ts';
import { addSite, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  server = await startTestServer();
  site = await addSite(server);
  await fillEveryDataset(server, site);
});
afterAll(() => server.close());

const get = async (path: string) =>
  (await server.app.inject({ url: `/v1/analytics/${path}`, headers: site.headers })).body;

/** The node of an event as the database itself gives it, with the members of the JSON. */
const PLACE = `p.kind AS "locationType", p.location_id AS "locationId", p.location_name AS "locationName", p.level_id AS "levelId",
  p.level_name AS "levelName", p.zone_id AS "zoneId", p.zone_name AS "zoneName", p.place_id AS "placeId",
  p.place_name AS "placeName", p.space_id AS "spaceId", p.space_name AS "spaceName"`;
const INSTANT = `regexp_replace(to_char(e.observed_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), '(\\.\\d{3})000$', '\\1') || 'Z'`;
const DAY = `e.day || 'T00:00:00.000Z'`;

/** Rows that the database joins one by one. The export joins them itself. */
const JOINED: Record<string, string> = {
  presence: `SELECT e.event_id AS "eventId", ${INSTANT} AS "timestamp", ${DAY} AS day, e.user_id AS "userId",
      u.email AS "userEmail", e.source_id AS "sourceId", e.source_user_id AS "sourceUserId", ${PLACE}
    FROM presence_events e JOIN node_paths p USING (tenant_id, node_id) JOIN users u USING (tenant_id, user_id)
    ORDER BY e.day, e.user_id, e.location_id, e.observed_at, e.event_digest`,
  occupancy: `SELECT e.event_id AS "eventId", ${INSTANT} AS "timestamp", ${DAY} AS day, e.occupied, e.occupancy,
      e.source_id AS "sourceId", ${PLACE}
    FROM occupancy_events e JOIN node_paths p USING (tenant_id, node_id)
    ORDER BY e.day, e.location_id, e.observed_at, e.event_digest`,
};

test.each(Object.entries(JOINED))(
  '%s has, byte for byte, the rows that the database joins',
  async (path, sql) => {
    const { columns } = datasets.find((dataset) => dataset.path === path) ?? expect.fail(path);
    const { rows } = await server.db.owner.inTenant(site.tenantId, (tx) => tx.query(sql));
    expect(rows.length).toBeGreaterThan(50);
    expect(new Set(rows.map((row) => row.locationType)).size).toBe(5);
    const members = rows.map((row) =>
      Object.fromEntries(
        Object.entries(columns)
          .filter(([name, { optional }]) => !(optional && row[name] === null))
          .map(([name]) => [name, row[name]]),
      ),
    );
    expect(await get(`${path}/basic?${DATES}`)).toBe(JSON.stringify(members));
  },
);

describe.each(datasets.map(({ path, columns }) => [path, columns] as const))('%s', (path, columns) => {
  test('is written as JSON.stringify writes it, with its members in their order', async () => {
    const text = await get(`${path}/basic?${datesOf(path)}`);
    const rows = JSON.parse(text) as Record<string, unknown>[];
    expect(text).toBe(JSON.stringify(rows));
    const names = Object.keys(columns);
    for (const row of rows) {
      const isThere = (name: string) => !columns[name]?.optional || name in row;
      expect(Object.keys(row)).toEqual(names.filter(isThere));
      expect(names.filter((name) => columns[name]?.optional && row[name] === null)).toEqual([]);
    }
  });
});

test('a name that changes during an export is the same in all rows', async () => {
  const rename = (name: string) =>
    server.db.owner.inTenant(site.tenantId, async (tx) => {
      await tx.query('UPDATE nodes SET name = $2 WHERE tenant_id = $1 AND node_id = $3', [
        site.tenantId,
        name,
        site.office.locationId,
      ]);
      await tx.query(
        `UPDATE users SET email = $2 || '+' || user_id, email_folded = $2 || '+' || user_id WHERE tenant_id = $1`,
        [site.tenantId, name],
      );
    });
  let [n, isOver] = [0, false];
  const renaming = (async () => {
    while (!isOver) await rename(`name-${n++}`);
  })();
  await rename('name-first');
  for (let round = 0; round < 10; round++) {
    const rows = JSON.parse(await get(`presence/basic?${DATES}`)) as Record<string, string>[];
    const names = new Set(rows.flatMap((row) => [row.locationName, row.userEmail?.split('+')[0]]));
    expect(names.size).toBe(1);
  }
  isOver = true;
  await renaming;
  expect(n).toBeGreaterThan(5);
});
