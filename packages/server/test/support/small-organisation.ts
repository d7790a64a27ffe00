import { AttendanceClient } from './attendance.ts';
import { addNode, addUser } from './directory.ts';
import type { TestServer } from './server.ts';
import { type StoredDay, setReporting, storeDays } from './workday.ts';

/** Ids that differ visibly and sort by their number. */
const idOf = (n: number) => `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000`;

export const PEOPLE = { ann: idOf(1), ben: idOf(2), cy: idOf(3), dee: idOf(4), eve: idOf(5) } as const;
export const GROUPS = { data: idOf(11), tech: idOf(12), sales: idOf(13) } as const;
export const NODES = {
  hq: idOf(21),
  first: idOf(22),
  window: idOf(23),
  quiet: idOf(24),
  second: idOf(25),
  empty: idOf(26),
  desk1: idOf(27),
  desk2: idOf(28),
  desk3: idOf(29),
  desk4: idOf(30),
  room: idOf(31),
  annex: idOf(41),
} as const;

/**
 * A small organisation, for which every number can be computed by hand. The time is noon of Friday 13 March 2026.
 *
 *     HQ     first level: zone window (desks 1 and 2), zone quiet (desk 3, capacity 3); second level: zone empty (desk 4, retired)
 *     Annex  without presence reporting
 *
 *     HQ     Ann           Ben            Cy             Dee
 *     Mon 2  desk 1, came  desk 2, door   quiet, absent  door
 *     Tue 3  desk 1, ?     remote                                  no event at HQ
 *     Wed 4  HQ, second    HQ, desk 1 and quiet
 *     Fri 6                               desk 2, which presence booked
 *     Sat 7                                              door
 *     Mon 9  door          HQ, door
 *     Thu 12 HQ, door                     HQ, absent
 *     Fri 13 HQ, door      HQ, not yet
 *
 *     Annex: Eve planned it on Mon 2 and Thu 12, and was not detected. Cy was detected there on Thu 12.
 *     Groups: Ann and Ben are in Data, which is below Tech; Cy is in Tech, Eve in Sales, Dee in none.
 */
export async function smallOrganisation(
  server: TestServer,
): Promise<{ tenantId: string; client: AttendanceClient; key: { apiKey: string; secret: string } }> {
  const owner = server.db.owner;
  server.clock.nowMs = Date.parse('2026-03-13T12:00:00Z');
  const tenantId = await server.organisation();
  const key = await server.key(tenantId);
  const client = new AttendanceClient(server, key);
  const { hq, annex, first, second, window, quiet, empty } = NODES;
  const add = (name: keyof typeof NODES, kind: Parameters<typeof addNode>[2]['kind'], parentId?: string) =>
    addNode(owner, tenantId, { nodeId: NODES[name], name, kind, ...(parentId ? { parentId } : {}) });
  await add('hq', 'location');
  await add('annex', 'location');
  await add('first', 'level', hq);
  await add('second', 'level', hq);
  await add('window', 'zone', first);
  await add('quiet', 'zone', first);
  await add('empty', 'zone', second);
  await add('desk1', 'place', window);
  await add('desk2', 'place', window);
  await add('desk3', 'place', quiet);
  await add('desk4', 'place', empty);
  await add('room', 'space', first);
  await setReporting(owner, tenantId, annex, 'never');
  for (const [name, userId] of Object.entries(PEOPLE)) {
    await addUser(owner, tenantId, {
      userId,
      userName: name,
      primaryLocationId: name === 'eve' ? annex : hq,
    });
  }
  await owner.inTenant(tenantId, async (tx) => {
    const run = (sql: string, ...values: unknown[]) => tx.query(sql, [tenantId, ...values]);
    await run('UPDATE nodes SET capacity = 3 WHERE tenant_id = $1 AND node_id = $2', quiet);
    await run("UPDATE nodes SET status = 'inactive' WHERE tenant_id = $1 AND node_id = $2", NODES.desk4);
    for (const [name, parent] of [
      ['tech', null],
      ['data', GROUPS.tech],
      ['sales', null],
    ] as const) {
      await run(
        `INSERT INTO groups (tenant_id, group_id, group_type, name, parent_id, in_hierarchy)
         VALUES ($1, $2, 'team', $3, $4, true)`,
        GROUPS[name],
        name,
        parent,
      );
    }
    for (const [person, group] of [
      ['ann', 'data'],
      ['ben', 'data'],
      ['cy', 'tech'],
      ['eve', 'sales'],
    ] as const) {
      await run(
        'UPDATE users SET primary_group_id = $3 WHERE tenant_id = $1 AND user_id = $2',
        PEOPLE[person],
        GROUPS[group],
      );
    }
  });
  await storeDays(owner, tenantId, PLANS);
  await client.submit(
    SEEN.map(([day, person, kind, node]) => ({
      userId: PEOPLE[person],
      nodeId: NODES[node],
      kind,
      at: `2026-03-${day}T09:00:00Z`,
    })),
  );
  return { tenantId, client, key };
}

const office = (
  day: string,
  person: keyof typeof PEOPLE,
  booking?: { kind: 'zone' | 'place'; node: keyof typeof NODES; zone: keyof typeof NODES },
  locationId: string = NODES.hq,
): StoredDay => ({
  userId: PEOPLE[person],
  day: `2026-03-${day}`,
  plan: 'o',
  locationId,
  ...(booking && {
    booking: { nodeId: NODES[booking.node], kind: booking.kind, zoneId: NODES[booking.zone] },
  }),
});

const desk = (node: 'desk1' | 'desk2') => ({ kind: 'place', node, zone: 'window' }) as const;

const PLANS: StoredDay[] = [
  office('02', 'ann', desk('desk1')),
  office('02', 'ben', desk('desk2')),
  office('02', 'cy', { kind: 'zone', node: 'quiet', zone: 'quiet' }),
  office('03', 'ann', desk('desk1')),
  { userId: PEOPLE.ben, day: '2026-03-03', plan: 'r' },
  office('04', 'ann'),
  office('04', 'ben'),
  { ...office('06', 'cy', desk('desk2')), setBy: 'presence' },
  office('09', 'ben'),
  office('12', 'ann'),
  office('12', 'cy'),
  office('13', 'ann'),
  office('13', 'ben'),
  office('02', 'eve', undefined, NODES.annex),
  office('12', 'eve', undefined, NODES.annex),
];

const SEEN = [
  ['02', 'ann', 'place', 'desk1'],
  ['02', 'ben', 'location', 'hq'],
  ['02', 'dee', 'location', 'hq'],
  ['04', 'ann', 'level', 'second'],
  ['04', 'ben', 'place', 'desk1'],
  ['04', 'ben', 'zone', 'quiet'],
  ['04', 'ben', 'location', 'hq'],
  ['06', 'cy', 'place', 'desk2'],
  ['07', 'dee', 'location', 'hq'],
  ['09', 'ann', 'location', 'hq'],
  ['09', 'ben', 'location', 'hq'],
  ['12', 'ann', 'location', 'hq'],
  ['12', 'cy', 'location', 'annex'],
  ['13', 'ann', 'location', 'hq'],
] as const;
