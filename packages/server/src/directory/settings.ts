import { type FieldError, HttpProblem } from '../http/errors.ts';
import { textFault } from '../http/text.ts';
import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import {
  clearPrimaryGroups,
  deleteMemberships,
  deriveGroups,
  type GroupAttributes,
} from '../store/directory/derived-groups.ts';
import { getDirectorySettings, upsertDirectorySettings } from '../store/directory/directory-settings.ts';
import { getProvisionedGroupType } from '../store/provisioning/provisioned-groups.ts';

export type DirectorySettings = GroupAttributes;

const MOST_ATTRIBUTES = 100;

/**
 * Chooses the attributes from which groups are derived, and derives the groups of all users anew. Memberships and
 * primary groups from attributes that are no longer chosen end; the groups themselves stay. Throws a 400 that names
 * the member at fault.
 */
export async function setDirectorySettings(
  tx: Tx,
  tenantId: string,
  settings: DirectorySettings,
): Promise<void> {
  const chosen = { ...settings, groupAttributes: [...new Set(settings.groupAttributes)] };
  await lockDirectory(tx, tenantId);
  refuseFaults(chosen, await getProvisionedGroupType(tx, tenantId));
  const before = await getDirectorySettings(tx, tenantId);
  await upsertDirectorySettings(tx, tenantId, chosen);
  await deleteMemberships(
    tx,
    tenantId,
    before.groupAttributes.filter((name) => !chosen.groupAttributes.includes(name)),
  );
  if (before.primaryGroupAttribute !== null && chosen.primaryGroupAttribute === null) {
    await clearPrimaryGroups(tx, tenantId, before.primaryGroupAttribute);
  }
  await deriveGroups(tx, tenantId, chosen, 'everyone');
}

function refuseFaults(
  { groupAttributes, primaryGroupAttribute }: DirectorySettings,
  provisionedGroupType: string,
): void {
  const named = groupAttributes.map((name, index) => [`/groupAttributes/${index}`, name] as const);
  const primary =
    primaryGroupAttribute === null ? [] : [['/primaryGroupAttribute', primaryGroupAttribute] as const];
  const errors: FieldError[] = [...named, ...primary].flatMap(([path, name]) => {
    const message =
      name === ''
        ? 'is empty'
        : name === provisionedGroupType
          ? 'is the type of provisioned groups'
          : textFault(name);
    return message ? [{ path, message }] : [];
  });
  if (groupAttributes.length > MOST_ATTRIBUTES) {
    errors.push({ path: '/groupAttributes', message: `has more than ${MOST_ATTRIBUTES} names` });
  }
  if (errors.length === 0) return;
  const detail = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  throw new HttpProblem(400, `The settings are not valid: ${detail}.`, { errors });
}
