import { type Static, Type } from 'typebox';
import { HttpProblem } from '../../http/errors.ts';
import type { Tx } from '../../store/connections/db.ts';
import { lockDirectory } from '../../store/connections/directory-lock.ts';
import { getDirectorySettings } from '../../store/directory/directory-settings.ts';
import { getOrganisation, updateOrganisation } from '../../store/directory/organisations.ts';
import { setDirectorySettings } from '../settings.ts';
import { TimeZones } from '../time-zones.ts';
import { orRefused } from '../upsert.ts';
import { optionalText } from '../values.ts';

const FILLED = { pattern: '\\S' };
const GROUP_ATTRIBUTES = 'the user attributes from which the server derives groups';
const PRIMARY_GROUP_ATTRIBUTE =
  'the user attribute from which the server derives the primary group; null: none';

export const Organisation = Type.Object({
  slug: Type.String({ description: 'the name that commands use; it never changes' }),
  name: Type.String(),
  timeZone: Type.String({
    description: 'IANA name; it decides the dates of users without a primary location',
  }),
  groupAttributes: Type.Array(Type.String(), { description: GROUP_ATTRIBUTES }),
  primaryGroupAttribute: Type.Union([Type.String(), Type.Null()], { description: PRIMARY_GROUP_ATTRIBUTE }),
});
export type Organisation = Static<typeof Organisation>;

export const OrganisationChange = Type.Object({
  name: Type.Optional(Type.String(FILLED)),
  timeZone: Type.Optional(Type.String({ ...FILLED, description: 'IANA name, such as Europe/London' })),
  groupAttributes: Type.Optional(Type.Array(Type.String(), { description: GROUP_ATTRIBUTES })),
  primaryGroupAttribute: Type.Optional(
    Type.Union([Type.String(), Type.Null()], { description: PRIMARY_GROUP_ATTRIBUTE }),
  ),
});
export type OrganisationChange = Static<typeof OrganisationChange>;

export async function readOrganisation(tx: Tx, tenantId: string): Promise<Organisation> {
  return { ...(await getOrganisation(tx)), ...(await getDirectorySettings(tx, tenantId)) };
}

/** Changes the given members. Throws a 400 that names the member that is not acceptable. */
export async function changeOrganisation(
  tx: Tx,
  tenantId: string,
  { groupAttributes, primaryGroupAttribute, ...named }: OrganisationChange,
): Promise<void> {
  const timeZones = await TimeZones.load(tx, [named.timeZone]);
  const change = orRefused(() => ({
    name: optionalText('name', named.name) ?? null,
    timeZone: timeZones.read('timeZone', named.timeZone) ?? null,
  }));
  if ('refused' in change) throw new HttpProblem(400, `Nothing was changed: ${change.refused}.`);
  await lockDirectory(tx, tenantId);
  await updateOrganisation(tx, change);
  if (groupAttributes === undefined && primaryGroupAttribute === undefined) return;
  const before = await getDirectorySettings(tx, tenantId);
  await setDirectorySettings(tx, tenantId, {
    groupAttributes: groupAttributes ?? before.groupAttributes,
    primaryGroupAttribute:
      primaryGroupAttribute === undefined ? before.primaryGroupAttribute : primaryGroupAttribute,
  });
}
