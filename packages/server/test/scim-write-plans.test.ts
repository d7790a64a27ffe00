import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setDirectorySettings } from '../src/directory/settings.ts';
import { storeAttributes } from '../src/directory/user-attributes.ts';
import { GROUPS } from '../src/provisioning/groups.ts';
import type { WriteRequest } from '../src/provisioning/resource-type.ts';
import { USERS } from '../src/provisioning/users.ts';
import type { Tx } from '../src/store/connections/db.ts';
import { ENTERPRISE, type ScimClient, scimClient } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const PEOPLE = 10_000;
const DEPARTMENTS = 5_000;
/** Most rows that one write may read. A scan of all users or of all groups reads more. */
const MOST_READ = 100;
/**
 * Before PostgreSQL 17, the planner takes a list of keys for as many look-ups. It then prefers any index for an
 * organisation that statistics do not know.
 */
const FEW_KEYS_ARE_CHEAP = 17;

let server: TestServer;
let version: number;
let idp: ScimClient;
let userId: string;
let groupId: string;
let emptyGroupId: string;
beforeAll(async () => {
  server = await startTestServer();
  idp = await scimClient(server);
  const { tenantId } = idp;
  const { rows } = await server.db.owner.inSystem((tx) => tx.query('SHOW server_version_num'));
  version = Math.floor(Number(rows[0].server_version_num) / 10_000);
  await server.db.restricted.inTenant(tenantId, (tx) =>
    setDirectorySettings(tx, tenantId, {
      groupAttributes: ['department', 'costCenter'],
      primaryGroupAttribute: 'department',
    }),
  );
  userId = (await idp.createUser(document('ada', 'First'))).id;
  groupId = (await idp.createGroup('Pilots', [userId])).id;
  emptyGroupId = (await idp.createGroup('Sailors')).id;
  await server.db.owner.inTenant(tenantId, grow);
});
afterAll(() => server.close());

/**
 * Adds many users and groups. No statistics know them, so no statement here joins them: older planners compare each user
 * with each group. The ids come from numbers in place of that.
 */
async function grow(tx: Tx): Promise<void> {
  const { tenantId } = idp;
  const groupOf = `(i % ${DEPARTMENTS} + 1)`;
  await tx.query(
    `INSERT INTO groups (tenant_id, group_id, group_type, name)
     SELECT $1, md5('group' || i)::uuid, 'department', 'Department ' || i FROM generate_series(1, ${DEPARTMENTS}) i`,
    [tenantId],
  );
  await tx.query(
    `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded, external_id, attributes)
     SELECT $1, md5(n)::uuid, n, n, n, n, n, jsonb_build_object('department', 'Department ' || ${groupOf})
     FROM (SELECT i, 'many' || i AS n FROM generate_series(1, ${PEOPLE}) i) AS named`,
    [tenantId],
  );
  await tx.query(
    `INSERT INTO group_members (tenant_id, group_id, user_id)
     SELECT $1, md5('group' || ${groupOf})::uuid, md5('many' || i)::uuid FROM generate_series(1, ${PEOPLE}) i`,
    [tenantId],
  );
}

function document(userName: string, department = 'Department 7') {
  return {
    userName,
    externalId: `x-${userName}`,
    emails: [{ value: `${userName}@work.test`, type: 'work', primary: true }],
    [ENTERPRISE]: { department, costCenter: 'C-1', employeeNumber: `E-${userName}` },
  };
}

const reading = () => ({
  tenantId: idp.tenantId,
  baseUrl: '',
  selection: { attributes: [], excludedAttributes: [] },
});
const writing = (): WriteRequest => ({
  tenantId: idp.tenantId,
  author: {
    actor: { changedBy: 'integration', name: 'idp', reason: 'Provisioning' },
    at: new Date(server.clock.read()),
  },
});
const none = () => undefined;

/** The number of rows that the transaction has read so far. */
async function rowsRead(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ read: number }>(
    `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS read FROM pg_stat_xact_user_tables
     WHERE schemaname = 'rollcall'`,
  );
  return rows[0]?.read ?? 0;
}

const WRITES: [name: string, write: (tx: Tx, run: string) => Promise<unknown>][] = [
  [
    'the creation of a user',
    async (tx, run) => {
      const name = `grace-${run}`;
      const [created] = await USERS.create(tx, writing(), [{ document: document(name), reading: reading() }]);
      expect(created).toMatchObject({ userName: name, externalId: `x-${name}` });
    },
  ],
  [
    'the replacement of a user',
    (tx, run) =>
      USERS.replace(tx, writing(), userId, document(`lovelace-${run}`, `Department ${run.length}`), none),
  ],
  [
    'the change of a user',
    (tx, run) =>
      USERS.patch(
        tx,
        writing(),
        userId,
        [{ op: 'replace', path: `${ENTERPRISE}:department`, value: `New ${run}` }],
        none,
      ),
  ],
  [
    'a member who joins a group',
    (tx) =>
      GROUPS.patch(
        tx,
        writing(),
        emptyGroupId,
        [{ op: 'add', path: 'members', value: [{ value: userId }] }],
        none,
      ),
  ],
  [
    'a member who leaves a group',
    (tx) =>
      GROUPS.patch(
        tx,
        writing(),
        groupId,
        [{ op: 'remove', path: `members[value eq "${userId}"]`, value: undefined }],
        none,
      ),
  ],
  [
    'the creation of a group',
    (tx, run) =>
      GROUPS.create(tx, writing(), [
        { document: { displayName: `Group ${run}`, members: [{ value: userId }] }, reading: reading() },
      ]),
  ],
  [
    'attributes of a user',
    async (tx, run) => {
      const item = { userName: 'many77', attributes: { department: `Team ${run}` } };
      const [result] = await storeAttributes(tx, idp.tenantId, [item], new Date(server.clock.read()));
      expect(result).toMatchObject({ resultCode: 0 });
    },
  ],
  ['the deletion of a user', (tx) => USERS.remove(tx, writing(), userId, none)],
];

describe.each([
  ['without statistics', async () => undefined],
  ['with statistics', async () => server.db.owner.inSystem((tx) => tx.query('ANALYZE'))],
])('in an organisation that has become large, %s', (run, prepare) => {
  beforeAll(async () => void (await prepare()));

  test.for(WRITES)('%s reads only a few rows', async ([, write], { skip }) => {
    const needsStatistics = version < FEW_KEYS_ARE_CHEAP;
    skip(needsStatistics && run === 'without statistics', 'older PostgreSQL needs statistics for this');
    const done = new Error('rolled back');
    const work = server.db.restricted.inTenant(idp.tenantId, async (tx) => {
      const before = await rowsRead(tx);
      await write(tx, run);
      expect((await rowsRead(tx)) - before).toBeLessThan(MOST_READ);
      throw done;
    });
    await expect(work).rejects.toBe(done);
  });
});
