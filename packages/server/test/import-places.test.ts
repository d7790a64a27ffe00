import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';
import { counts, id, importFile, listNodes, listWrittenXids, type Row } from './support/import.ts';

let db: TestDatabase;
let tenant: string;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
});
afterAll(() => db.drop());

const locations = (...lines: string[]) => importFile(db.owner, tenant, 'locations', lines);
const desks = (...lines: string[]) => importFile(db.owner, tenant, 'desks', lines);
const spaces = (...lines: string[]) => importFile(db.owner, tenant, 'spaces', lines);
const nodes = () => listNodes(db.owner, tenant);
const reasons = async (report: ReturnType<typeof locations>) =>
  (await report).refused.map(({ line, reason }) => `${line}: ${reason}`);
/** `kind name` of every node, after the names of its ancestors. */
async function tree(): Promise<string[]> {
  const all = await nodes();
  const path = (node: Row): string => {
    const parent = all.find((other) => other.node_id === node.parent_id);
    return parent ? `${path(parent)} / ${node.name}` : String(node.name);
  };
  return all.map((node) => `${node.kind} ${path(node)}`).sort();
}

const LOCATIONS = 'locationId,locationName,address,timeZone,status';
const DESKS = 'deskId,deskName,zoneId,zoneName,levelId,levelName,locationId,locationName,status';
const SPACES = 'spaceId,spaceName,spaceType,capacity,levelId,levelName,locationId,locationName,status';

describe('locations', () => {
  test('are created with the given ids, in any case, or with new ones', async () => {
    const given = 'ABCDEF00-0000-4000-8000-00000000000A';
    const report = await locations(LOCATIONS, `${given},HQ,1 Road,Europe/London,INACTIVE`, ',Annex,,UTC,');
    expect(counts(report)).toEqual([2, 0, 0, 0]);
    expect(await nodes()).toMatchObject([
      { name: 'Annex', kind: 'location', parent_id: null, address: null, time_zone: 'UTC', status: 'active' },
      { name: 'HQ', node_id: given.toLowerCase(), address: '1 Road', status: 'inactive' },
    ]);
  });

  test('are matched by id, which may rename them, or else by name', async () => {
    await locations(LOCATIONS, `${id(1)},HQ,1 Road,Europe/London,`, ',Annex,,UTC,');
    expect(counts(await locations(LOCATIONS, `${id(1)},Main,,UTC,`, ',Annex,2 Road,UTC,'))).toEqual([
      0, 2, 0, 0,
    ]);
    expect(await nodes()).toMatchObject([
      { name: 'Annex', address: '2 Road', status: 'active' },
      { name: 'Main', node_id: id(1), address: '1 Road', time_zone: 'UTC' },
    ]);
  });

  test('with an empty cell or an absent column keep their values', async () => {
    await locations(LOCATIONS, `${id(1)},HQ,1 Road,Europe/London,inactive`);
    const before = await nodes();
    expect(counts(await locations(LOCATIONS, ',HQ,,Europe/London,'))).toEqual([0, 0, 1, 0]);
    expect(counts(await locations('timeZone,locationName', 'Europe/London,HQ'))).toEqual([0, 0, 1, 0]);
    expect(await nodes()).toEqual(before);
  });

  test.each([
    'Europe/Londn',
    'europe/london',
    '+05:00',
    'UTC+3',
    'EST5EDT4,M3.2.0,M11.1.0',
    'posix/Europe/London',
    'Factory',
  ])('time zone %s is refused', async (zone) => {
    const report = await locations('locationName,timeZone', `HQ,"${zone}"`, 'Annex,Pacific/Auckland');
    expect(report.refused).toEqual([
      { line: 2, reason: `timeZone "${zone}" is not the IANA name of a time zone, such as Europe/London` },
    ]);
    expect(await tree()).toEqual(['location Annex']);
  });

  test('with values that cannot be stored are refused, and the message names the column', async () => {
    const long = 'é'.repeat(1_025);
    const wide = '漢'.repeat(801);
    expect(
      await reasons(
        locations(
          LOCATIONS,
          'x,HQ,,UTC,',
          ',a\0b,,UTC,',
          `,HQ,${long},UTC,`,
          `,${wide},,UTC,`,
          ',HQ,,UTC,gone',
          ',HQ,,,',
          ',,,UTC,',
          `,ok,${'漢'.repeat(1_024)},UTC,`,
        ),
      ),
    ).toEqual([
      '2: locationId "x" is not a GUID',
      '3: locationName "a\\u0000b" contains a NUL',
      `4: address "${'é'.repeat(40)}…" is longer than 1,024 characters`,
      `5: locationName "${'漢'.repeat(40)}…" is longer than 2,400 bytes`,
      '6: status "gone" is neither active nor inactive',
      '7: timeZone is empty',
      '8: locationName is empty',
    ]);
    expect(await tree()).toEqual(['location ok']);
  });

  test('with an unknown id and the name of another location, or with a name in use, are refused', async () => {
    await locations(LOCATIONS, `${id(1)},HQ,,UTC,`, `${id(2)},Annex,,UTC,`);
    expect(await reasons(locations(LOCATIONS, `${id(3)},HQ,,UTC,`, `${id(2)},HQ,,UTC,`))).toEqual([
      `2: locationId "${id(3)}" is not known, and locationName "HQ" has the id ${id(1)}`,
      `3: locationName "HQ" already belongs to location ${id(1)}`,
    ]);
  });

  test('that are repeated are refused, unless their values are the same', async () => {
    expect(
      await reasons(
        locations(
          LOCATIONS,
          `${id(1)},HQ,,UTC,`,
          `${id(1)},HQ,,UTC,`,
          ',Annex,,UTC,',
          ',Annex,,UTC,active',
          ',Annex,1 Road,UTC,',
          ',HQ,,UTC,inactive',
          `${id(2)},Gone,,nowhere,`,
          `${id(2)},Fine,,UTC,`,
        ),
      ),
    ).toEqual([
      `3: locationId "${id(1)}" was already given in line 2`,
      '6: locationName "Annex" was already given in line 4, with other values',
      '7: locationName "HQ" was already given in line 2, with other values',
      '8: timeZone "nowhere" is not the IANA name of a time zone, such as Europe/London',
    ]);
    expect(await tree()).toEqual(['location Annex', 'location Fine', 'location HQ']);
  });

  test('that are repeated in another batch are detected too', async () => {
    const filler = Array.from({ length: 1_500 }, (_, n) => `,F${n},,UTC,`);
    const report = locations(LOCATIONS, `${id(1)},HQ,,UTC,`, ...filler, `${id(1)},HQ,,UTC,`, ',F3,x,UTC,');
    expect(await reasons(report)).toEqual([
      `1503: locationId "${id(1)}" was already given in line 2`,
      '1504: locationName "F3" was already given in line 6, with other values',
    ]);
  });
});

describe('desks', () => {
  beforeEach(() => locations(LOCATIONS, `${id(1)},HQ,,UTC,`, `${id(2)},Annex,,UTC,`));

  test('create missing levels and zones, with their ids', async () => {
    const report = await desks(
      DESKS,
      `${id(30)},D1,${id(20)},North,${id(10)},L1,${id(1)},HQ,`,
      ',D2,,North,,L1,,HQ,inactive',
      `,D1,,South,,L1,${id(1)},,`,
      ',D1,,North,,L1,,Annex,',
    );
    expect(counts(report)).toEqual([4, 0, 0, 0]);
    expect((await tree()).slice(0, -3)).toEqual([
      'level Annex / L1',
      'level HQ / L1',
      'location Annex',
      'location HQ',
      'place Annex / L1 / North / D1',
      'place HQ / L1 / North / D1',
      'place HQ / L1 / North / D2',
      'place HQ / L1 / South / D1',
    ]);
    expect(await nodes()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ node_id: id(10), kind: 'level', name: 'L1', parent_id: id(1) }),
        expect.objectContaining({ node_id: id(20), kind: 'zone', name: 'North', parent_id: id(10) }),
        expect.objectContaining({ node_id: id(30), kind: 'place', name: 'D1', parent_id: id(20) }),
        expect.objectContaining({ kind: 'place', name: 'D2', parent_id: id(20), status: 'inactive' }),
      ]),
    );
  });

  test('can be renamed and moved by id', async () => {
    await desks(DESKS, `${id(30)},D1,${id(20)},North,${id(10)},L1,${id(1)},HQ,`);
    expect(counts(await desks(DESKS, `${id(30)},D9,,East,,Ground,,Annex,`))).toEqual([0, 1, 0, 0]);
    expect(await tree()).toContain('place Annex / Ground / East / D9');
    expect((await nodes()).filter((node) => node.kind === 'place')).toHaveLength(1);
  });

  test('that are refused create no level or zone, not even for later rows', async () => {
    const report = desks(
      DESKS,
      `bad,D1,${id(20)},North,${id(10)},L1,,HQ,`,
      `${id(10)},D1,${id(20)},North,${id(10)},L1,,HQ,`,
      `${id(31)},D1,${id(21)},North,${id(11)},L1,,HQ,`,
    );
    expect(await reasons(report)).toEqual([
      '2: deskId "bad" is not a GUID',
      `3: deskId "${id(10)}" is the id of a level, not of a desk`,
    ]);
    expect((await nodes()).map((node) => node.node_id)).toEqual([id(11), id(2), id(1), id(31), id(21)]);
  });

  test('with contradictory levels, zones or locations are refused', async () => {
    await desks(DESKS, `${id(30)},D1,${id(20)},North,${id(10)},L1,${id(1)},HQ,`);
    expect(
      await reasons(
        desks(
          DESKS,
          `,D2,,North,,L1,${id(9)},,`,
          ',D2,,North,,L1,,Elsewhere,',
          ',D2,,North,,L1,,,',
          `,D2,,North,,L1,${id(2)},HQ,`,
          `,D2,,North,,L1,${id(9)},HQ,`,
          `,D2,,North,${id(10)},L1,,Annex,`,
          `,D2,,North,${id(10)},L2,,HQ,`,
          `,D2,,North,${id(19)},L1,,HQ,`,
          `,D2,${id(20)},North,,L2,,HQ,`,
          `,D2,${id(1)},North,,L1,,HQ,`,
          `${id(39)},D1,,North,,L1,,HQ,`,
        ),
      ),
    ).toEqual([
      `2: locationId "${id(9)}" is not known`,
      '3: locationName "Elsewhere" is not known',
      '4: locationId and locationName are both empty',
      `5: locationName "HQ" is not the name of locationId "${id(2)}": its name is "Annex"`,
      `6: locationId "${id(9)}" is not known, and locationName "HQ" has the id ${id(1)}`,
      `7: levelId "${id(10)}" belongs to location "HQ"`,
      `8: levelName "L2" is not the name of levelId "${id(10)}": its name is "L1"`,
      `9: levelId "${id(19)}" is not known, and levelName "L1" has the id ${id(10)}`,
      `10: zoneId "${id(20)}" belongs to level "L1"`,
      `11: zoneId "${id(1)}" is the id of a location, not of a zone`,
      `12: deskId "${id(39)}" is not known, and deskName "D1" has the id ${id(30)}`,
    ]);
    expect(await nodes()).toHaveLength(5);
  });

  test('at a location that shares its name must name it by id', async () => {
    await db.owner.inTenant(tenant, (tx) =>
      tx.query(
        "INSERT INTO nodes (tenant_id, node_id, kind, name, time_zone) VALUES ($1, $2, 'location', 'HQ', 'UTC')",
        [tenant, id(3)],
      ),
    );
    const report = desks(DESKS, ',D1,,North,,L1,,HQ,', `,D1,,North,,L1,${id(3)},HQ,`);
    expect(await reasons(report)).toEqual([
      '2: locationName "HQ" is the name of 2 locations: give the locationId',
    ]);
  });
});

describe('spaces', () => {
  beforeEach(() => locations(LOCATIONS, `${id(1)},HQ,,UTC,`));

  test('are created, updated and matched like desks, on their level', async () => {
    expect(
      counts(await spaces(SPACES, `${id(40)},Jetty,room,8,${id(10)},L1,,HQ,`, ',Booth,,,,L1,,HQ,')),
    ).toEqual([2, 0, 0, 0]);
    expect(
      counts(await spaces('spaceName,levelName,locationName,capacity', 'Jetty,L1,HQ,0', 'Booth,L1,HQ,')),
    ).toEqual([0, 1, 1, 0]);
    expect((await nodes()).filter((node) => node.kind === 'space')).toMatchObject([
      { name: 'Booth', space_type: null, capacity: null, parent_id: id(10) },
      { name: 'Jetty', space_type: 'room', capacity: 0, parent_id: id(10), node_id: id(40) },
    ]);
  });

  test.each(['-1', '1.5', 'many', '1e3', '99999999999'])(
    'with the capacity %s are refused',
    async (capacity) => {
      const report = await spaces(SPACES, `,Jetty,,${capacity},,L1,,HQ,`);
      expect(report.refused).toHaveLength(1);
      expect(report.refused[0]?.reason).toContain(`capacity "${capacity}" is not a whole number from 0`);
      expect(await tree()).toEqual(['location HQ']);
    },
  );
});

test('a repeated import writes nothing', async () => {
  const all = async () => [
    await locations(LOCATIONS, `${id(1)},HQ,1 Road,UTC,`, ',Annex,,UTC,inactive'),
    await desks(
      DESKS,
      `${id(30)},D1,${id(20)},North,${id(10)},L1,,HQ,`,
      ',D2,,North,,L1,,HQ,',
      ',D,,Z,,L,,Annex,',
    ),
    await spaces(SPACES, ',Jetty,room,8,,L1,,HQ,'),
  ];
  await all();
  const [before, written] = [await nodes(), await listWrittenXids(db.owner, tenant)];
  expect((await all()).map(counts)).toEqual([
    [0, 0, 2, 0],
    [0, 0, 3, 0],
    [0, 0, 1, 0],
  ]);
  expect(await nodes()).toEqual(before);
  expect(await listWrittenXids(db.owner, tenant)).toEqual(written);
});

test('ids of another organisation can be used, and its rows do not change', async () => {
  const file = ['locationId,locationName,timeZone', `${id(1)},HQ,UTC`];
  const other = await createTestOrganisation(db.owner);
  await importFile(db.owner, other, 'locations', file);
  const before = [await listNodes(db.owner, other), await listWrittenXids(db.owner, other)];
  expect(counts(await locations('locationId,locationName,timeZone', `${id(1)},Ours,Asia/Tokyo`))).toEqual([
    1, 0, 0, 0,
  ]);
  expect(counts(await desks('deskName,zoneName,levelName,locationId', `D,Z,L,${id(1)}`))).toEqual([
    1, 0, 0, 0,
  ]);
  expect([await listNodes(db.owner, other), await listWrittenXids(db.owner, other)]).toEqual(before);
});

test('correct rows with ids give the same tree in any order', async () => {
  const places = fc.uniqueArray(
    fc.tuple(fc.nat(1), fc.nat(2), fc.nat(2), fc.nat(9)).map(([o, l, z, d]) => ({ o, l, z, d })),
    { selector: ({ o, l, z, d }) => `${o}${l}${z}${d}`, minLength: 1, maxLength: 25 },
  );
  const row = ({ o, l, z, d }: { o: number; l: number; z: number; d: number }) => {
    const [location, level] = [1 + o, 100 + 10 * o + l];
    const [zone, desk] = [level * 10 + z, (level * 10 + z) * 10 + d];
    return `${id(desk)},D${d},${id(zone)},Z${z},${id(level)},L${l},${id(location)},O${o},`;
  };
  await fc.assert(
    fc.asyncProperty(
      places.chain((rows) =>
        fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
      ),
      async ([rows, shuffled]) => {
        const trees: Row[][] = [];
        for (const order of [rows, shuffled]) {
          tenant = await createTestOrganisation(db.owner);
          await locations(LOCATIONS, `${id(1)},O0,,UTC,`, `${id(2)},O1,,UTC,`);
          const report = await desks(DESKS, ...order.map(row));
          expect(counts(report)).toEqual([rows.length, 0, 0, 0]);
          trees.push(await nodes());
        }
        expect(trees[1]).toEqual(trees[0]);
      },
    ),
    { numRuns: 30 },
  );
});
