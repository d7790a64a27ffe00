import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';
import { counts, id, importFile, type Row } from './support/import.ts';

let db: TestDatabase;
let tenant: string;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
  await load('locations', `locationId,locationName,timeZone`, `${id(1)},HQ,UTC`, `${id(2)},Annex,UTC`);
  await load(
    'users',
    'userId,userName,email,primaryLocationId,status',
    `${id(11)},ada,Ada@x.org,${id(1)},`,
    `${id(12)},bob,bob@x.org,,`,
    `${id(13)},gone,gone@x.org,,inactive`,
  );
});
afterAll(() => db.drop());

const load = (kind: Parameters<typeof importFile>[2], ...lines: string[]) =>
  importFile(db.owner, tenant, kind, lines);
const reasons = async (report: ReturnType<typeof load>) =>
  (await report).refused.map(({ line, reason }) => `${line}: ${reason}`);
const query = async (sql: string): Promise<Row[]> =>
  (await db.owner.inTenant(tenant, (tx) => tx.query(sql, [tenant]))).rows as Row[];

describe('groups', () => {
  const stored = () =>
    query(
      `SELECT g.name, g.group_type AS type, p.name AS parent, g.status FROM groups g
       LEFT JOIN groups p ON p.tenant_id = g.tenant_id AND p.group_id = g.parent_id
       WHERE g.tenant_id = $1 ORDER BY g.name COLLATE "C"`,
    );

  test('are made with their parents, in any order of rows, and matched by type and name', async () => {
    const report = await load(
      'groups',
      'groupId,groupName,groupType,parentGroupName,parentGroupType',
      ',Red,team,Coast,region',
      `${id(31)},Blue,team,Red,`,
      ',Coast,region,,',
    );
    expect([counts(report), report.refused]).toEqual([[3, 0, 0, 0], []]);
    expect(report.rows.map(({ line, name }) => [line, name])).toEqual([
      [2, 'Red'],
      [3, 'Blue'],
      [4, 'Coast'],
    ]);
    expect(await stored()).toEqual([
      { name: 'Blue', type: 'team', parent: 'Red', status: 'active' },
      { name: 'Coast', type: 'region', parent: null, status: 'active' },
      { name: 'Red', type: 'team', parent: 'Coast', status: 'active' },
    ]);
    const again = await load('groups', 'groupName,groupType,status', 'Blue,team,inactive', 'Red,team,');
    expect(counts(again)).toEqual([0, 1, 1, 0]);
    expect(again.rows[0]?.id).toBe(id(31));
  });

  test('that break a rule are refused alone, with the names from the file', async () => {
    const file = [
      'groupId,groupName,groupType,parentGroupId,parentGroupName',
      ',A,team,,None',
      ',B,team,,A',
      ',C,team,,C',
      ',D,team,,',
      ',D,team,,B',
      `nonsense,E,team,,`,
      `,F,team,${id(9)},`,
      ',G,team,,D',
    ];
    expect(await reasons(load('groups', ...file))).toEqual([
      '2: parentGroupName "None" of type "team" is not known',
      '3: parentGroupName "A" names a refused row, or a group below this group',
      '4: parentGroupName "C" names a refused row, or a group below this group',
      '6: groupName "D" of type "team" was already given in line 5',
      '7: groupId "nonsense" is not a GUID',
      `8: parentGroupId "${id(9)}" is not known`,
    ]);
    expect((await stored()).map(({ name }) => name)).toEqual(['D', 'G']);
  });
});

describe('week plans', () => {
  const stored = () =>
    query(
      `SELECT user_id AS user, string_agg(weekday || plan || coalesce(' ' || right(location_id::text, 1), ''), ','
                                          ORDER BY weekday) AS week
       FROM week_plans WHERE tenant_id = $1 GROUP BY 1 ORDER BY 1`,
    );

  test('are set by e-mail, userName or id; offices by name or id; empty cells keep the plan', async () => {
    const report = await load(
      'week-plans',
      'userId,userName,monday,tuesday,wednesday,thursday,friday',
      `,ADA@x.org,Office,o: Annex,remote,a,office:${id(2)}`,
      `${id(12)},,r`,
    );
    expect([counts(report), report.refused]).toEqual([[2, 0, 0, 0], []]);
    expect(report.rows).toMatchObject([
      { id: id(11), name: 'ADA@x.org' },
      { id: id(12), name: null },
    ]);
    expect(await stored()).toEqual([
      { user: id(11), week: '1o,2o 2,3r,4a,5o 2' },
      { user: id(12), week: '1r' },
    ]);
    expect(counts(await load('week-plans', 'userName,monday,tuesday', 'ada,,none', 'bob,remote,'))).toEqual([
      0, 1, 1, 0,
    ]);
    expect(await stored()).toMatchObject([{ week: '1o,3r,4a,5o 2' }, { week: '1r' }]);
  });

  test('with an unknown user, an unknown office or an unknown plan are refused, and the message lists the choices', async () => {
    expect(
      await reasons(
        load(
          'week-plans',
          'userName,monday,applyFrom',
          'nobody,office,',
          'ada,holiday,',
          'ada,remote: HQ,',
          'ada,office: Nowhere,',
          `ada,office: ${id(77)},`,
          'ada,office,30 February',
          'bob,office,',
          'BOB,remote,',
        ),
      ),
    ).toEqual([
      '2: No active user matches userName "nobody"',
      '3: monday "holiday" is none of office, remote, away or none (or o, r, a), or "office: " and the name or id of an office',
      '4: monday "remote: HQ" is none of office, remote, away or none (or o, r, a), or "office: " and the name or id of an office',
      '5: monday: there is no office "Nowhere"',
      `6: weekPlan.monday.locationId: Office ${id(77)} is not known, or not active`,
      expect.stringMatching(/^7: /),
      expect.stringMatching(/^9: /),
    ]);
    expect(await stored()).toEqual([{ user: id(12), week: '1o' }]);
  });

  test('replace the days from applyFrom on', async () => {
    const week = 'remote,remote,remote,remote,remote,remote,remote';
    const header = 'userName,monday,tuesday,wednesday,thursday,friday,saturday,sunday,applyFrom';
    await load('week-plans', header, `ada,${week},2020-01-01`, `bob,${week},`);
    const plans = await query('SELECT DISTINCT user_id AS user, plan FROM day_plans WHERE tenant_id = $1');
    expect(plans).toEqual([{ user: id(11), plan: 'r' }]);
  });
});

describe('assigned desks', () => {
  const stored = () =>
    query(
      `SELECT n.name AS desk, a.user_id AS user FROM desk_assignments a
       JOIN nodes n ON n.tenant_id = a.tenant_id AND n.node_id = a.place_id
       WHERE a.tenant_id = $1 ORDER BY n.name COLLATE "C"`,
    );
  beforeEach(async () => {
    await load(
      'desks',
      'deskId,deskName,zoneName,levelName,locationName,status',
      `${id(21)},D1,North,L1,HQ,`,
      `${id(22)},D2,North,L1,HQ,`,
      `${id(23)},D2,South,L1,HQ,`,
      `${id(24)},D2,North,L1,Annex,`,
      `${id(25)},D3,North,L1,HQ,inactive`,
      `${id(26)},D3,South,L1,HQ,`,
    );
  });

  test('are given by the names or ids that are needed to identify the desk', async () => {
    const report = await load(
      'desk-assignments',
      'deskId,deskName,zoneName,levelName,locationName,userName,userId',
      ',D1,,,,ada@X.org,',
      ',D2,South,,HQ,bob,',
      `${id(24)},,,,,,${id(12)}`,
      ',D3,,,,ada,',
    );
    expect([counts(report), report.refused]).toEqual([[4, 0, 0, 0], []]);
    expect(report.rows.map(({ id: deskId, name }) => [deskId, name])).toEqual([
      [id(21), 'D1'],
      [id(23), 'D2'],
      [id(24), null],
      [id(26), 'D3'],
    ]);
    expect(await stored()).toEqual([
      { desk: 'D1', user: id(11) },
      { desk: 'D2', user: id(12) },
      { desk: 'D2', user: id(12) },
      { desk: 'D3', user: id(11) },
    ]);
    expect(counts(await load('desk-assignments', 'deskName,userName', 'D1,ada'))).toEqual([0, 0, 1, 0]);
  });

  test('that do not name one desk and one active user are refused', async () => {
    expect(
      await reasons(
        load(
          'desk-assignments',
          'deskId,deskName,locationName,userName',
          ',D2,HQ,ada',
          ',D9,HQ,ada',
          `${id(21)},D2,,ada`,
          ',D1,,gone',
          ',D1,,',
          ',,HQ,ada',
          ',D1,,bob',
          ',D1,,ada',
        ),
      ),
    ).toEqual([
      '2: deskName "D2" is the name of 2 desks: give locationName, levelName and zoneName, or deskId',
      '3: deskName "D9" is not known there',
      `4: deskId "${id(21)}" and deskName "D2" do not agree`,
      '5: userName "gone" does not belong to an active user',
      '6: userId and userName are empty',
      '7: deskId and deskName are empty',
      '8: desk "D1" was already given in line 5',
      '9: desk "D1" was already given in line 5',
    ]);
  });
});

describe('access cards', () => {
  const stored = () =>
    query(
      `SELECT c.card_number AS card, c.facility_code AS facility, c.user_id AS user, c.active, c.credential_type AS type,
              (SELECT string_agg(s.scan_data, '|' ORDER BY s.scan_data COLLATE "C") FROM access_credential_scans s
               WHERE s.tenant_id = c.tenant_id AND s.card_digest = c.card_digest) AS scans
       FROM access_credentials c WHERE c.tenant_id = $1 ORDER BY c.card_number COLLATE "C"`,
    );

  test('keep the values of missing cells, and are written only if something changes', async () => {
    const report = await load(
      'access-credentials',
      'username,cardNumber,facilityCode,scanData,active',
      'Ada@x.org,51E69621,,3A51E69621 | 51E69621-1,',
      'BOB,7,12,,No',
    );
    expect([counts(report), report.refused]).toEqual([[2, 0, 0, 0], []]);
    expect(report.rows).toMatchObject([
      { id: id(11), name: '51E69621' },
      { id: id(12), name: '7' },
    ]);
    const first = { facility: '', user: id(11), active: true, type: 'card', scans: '3A51E69621|51E69621-1' };
    expect(await stored()).toEqual([
      { card: '51E69621', ...first },
      { card: '7', facility: '12', user: id(12), active: false, type: 'card', scans: null },
    ]);
    const again = await load(
      'access-credentials',
      'username,cardNumber,facilityCode',
      'ada,51E69621,',
      'bob,7,12',
    );
    expect(counts(again)).toEqual([0, 0, 2, 0]);
    const changed = await load(
      'access-credentials',
      'username,cardNumber,facilityCode,credentialType,active',
      'ada,51E69621,,badge,',
      'ada,7,12,,1',
    );
    expect(counts(changed)).toEqual([0, 2, 0, 0]);
    expect(await stored()).toEqual([
      { card: '51E69621', ...first, type: 'badge' },
      { card: '7', facility: '12', user: id(11), active: true, type: 'card', scans: null },
    ]);
  });

  test('in another notation are the same cards, with the same scan data', async () => {
    const file = (card: string, scans: string) =>
      load('access-credentials', 'username,cardNumber,scanData', `ada,${card},${scans}`);
    expect(counts(await file('51E69621', 'AB CD|12'))).toEqual([1, 0, 0, 0]);
    expect(counts(await file('51:e6:96:21', 'ab:cd|ABCD|12'))).toEqual([0, 0, 1, 0]);
    expect(counts(await file('51e69621', 'abcd'))).toEqual([0, 1, 0, 0]);
  });

  test('without a user, of another user, rounded or repeated are refused', async () => {
    await load('access-credentials', 'username,cardNumber', 'ada,1');
    expect(
      await reasons(
        load(
          'access-credentials',
          'username,cardNumber,active',
          'nobody,2,',
          'bob,1,',
          'bob,"5,63537E+08",',
          'bob,3,perhaps',
          'bob,4,',
          'bob,4,no',
        ),
      ),
    ).toEqual([
      '2: username "nobody" matches no active user, or matches several users without regard to case',
      '3: cardNumber "1": the card is active for someone else',
      '4: cardNumber is a number that a spreadsheet has shortened; format its column as text, and export the file again',
      '5: active "perhaps" is none of yes, no, true, false, 1 or 0',
      expect.stringMatching(/^7: cardNumber ".*" was already given in line 6$/),
    ]);
  });
});
