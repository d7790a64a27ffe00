import { Type } from 'typebox';
import { orRefused } from '../directory/upsert.ts';
import { ItemRefusedError, optionalKey, quote } from '../directory/values.ts';
import { HttpProblem } from '../http/errors.ts';
import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { getDirectorySettings } from '../store/directory/directory-settings.ts';
import {
  getProvisionedGroupType,
  listNameClashes,
  setProvisionedGroupType,
} from '../store/provisioning/provisioned-groups.ts';

export const ProvisioningSettings = Type.Object({
  groupType: Type.String({ description: 'the type of the groups that an identity provider keeps' }),
});

/**
 * Chooses the type of provisioned groups; those that there are, retired ones too, get it and keep their ids.
 * Returns the type. Throws a 400 where it is none, and a 409 where other groups stand in the way.
 */
export async function chooseGroupType(tx: Tx, tenantId: string, given: string): Promise<string> {
  const judged = orRefused(() => ({ groupType: optionalKey('groupType', given) ?? refuseEmpty() }));
  if ('refused' in judged) {
    throw new HttpProblem(400, `${judged.refused}.`, {
      errors: [{ path: '/groupType', message: judged.refused }],
    });
  }
  const { groupType } = judged;
  await lockDirectory(tx, tenantId);
  const { groupAttributes, primaryGroupAttribute } = await getDirectorySettings(tx, tenantId);
  if (groupType === primaryGroupAttribute || groupAttributes.includes(groupType)) {
    throw new HttpProblem(409, `Groups of the type ${quote(groupType)} follow from an attribute of people.`);
  }
  if (groupType !== (await getProvisionedGroupType(tx, tenantId))) {
    const [clash] = await listNameClashes(tx, tenantId, groupType);
    if (clash !== undefined) {
      throw new HttpProblem(
        409,
        `There is a group ${quote(clash)} of the type ${quote(groupType)} already, which is not provisioned.`,
      );
    }
  }
  await setProvisionedGroupType(tx, tenantId, groupType);
  return groupType;
}

function refuseEmpty(): never {
  throw new ItemRefusedError('groupType is empty');
}
