import { replaceRelationships } from '../directory/group-relationships.ts';
import { assignDesks } from '../directory/manage/assignments.ts';
import { changeOfficeSettings } from '../directory/manage/office-settings.ts';
import { upsertDesks, upsertLocations, upsertSpaces, upsertZones } from '../directory/nodes.ts';
import { setDirectorySettings } from '../directory/settings.ts';
import { storeAttributes } from '../directory/user-attributes.ts';
import { upsertUsers } from '../directory/users.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { setWeekPlans } from '../workday/week-plan.ts';
import type { DemoDirectory } from './directory.ts';
import { slicesOf } from './slices.ts';
import { TEAM } from './teams.ts';

const ITEMS_PER_TRANSACTION = 1_000;

/** Stores the users and nodes of the demo, with their groups, settings and week plans. A repeat changes nothing. */
export async function storeDemoDirectory(
  { offices, people, hierarchy }: DemoDirectory,
  { database, tenantId, at }: { database: Database; tenantId: string; at: Date },
): Promise<void> {
  const author = { actor: { changedBy: 'engine' as const, name: null, reason: null }, at };
  const each = async <Item>(items: Item[], store: (tx: Tx, items: Item[]) => Promise<unknown>) => {
    for (const slice of slicesOf(items, ITEMS_PER_TRANSACTION)) {
      await database.inTenant(tenantId, (tx) => store(tx, slice));
    }
  };

  await each(
    offices.map(({ location }) => location),
    (tx, items) => upsertLocations(tx, tenantId, items, author),
  );
  await each(
    offices.flatMap(({ desks }) => desks),
    (tx, items) => upsertDesks(tx, tenantId, items, author),
  );
  await each(
    offices.flatMap(({ lounges }) => lounges),
    (tx, items) => upsertZones(tx, tenantId, items, author),
  );
  await each(
    offices.flatMap(({ spaces }) => spaces),
    (tx, items) => upsertSpaces(tx, tenantId, items, author),
  );
  await each(
    offices.map(({ locationId, reportsPresence }) => ({
      locationId,
      presenceReporting: reportsPresence ? 'detect' : 'never',
    })),
    (tx, items) => changeOfficeSettings(tx, tenantId, items),
  );
  await each(
    people.map(({ user }) => user),
    (tx, items) => upsertUsers(tx, tenantId, items, author),
  );

  await database.inTenant(tenantId, async (tx) => {
    await setDirectorySettings(tx, tenantId, { groupAttributes: [TEAM], primaryGroupAttribute: TEAM });
    await replaceRelationships(tx, tenantId, { groups: hierarchy, relationships: hierarchy.length });
  });
  await each(
    people.map(({ email, team }) => ({ userName: email, attributes: { [TEAM]: team } })),
    (tx, items) => storeAttributes(tx, tenantId, items, author.at),
  );
  await each(
    people.flatMap(({ userId, assignedDeskId }) =>
      assignedDeskId === null ? [] : [{ deskId: assignedDeskId, userId }],
    ),
    (tx, items) => assignDesks(tx, tenantId, items),
  );
  await each(
    people.map(({ userId, week }) => ({ userId, week })),
    (tx, items) => setWeekPlans(tx, tenantId, items),
  );
}
