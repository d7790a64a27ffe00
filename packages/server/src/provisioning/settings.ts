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
  groupType: Type.String({ description: 'the type of the groups that an identity provider manages' }),
});

/**
 * Chooses the type of provisioned groups. Existing ones, retired ones included, get it and keep their ids. Returns
 * the type. Throws a 400 if the type is not acceptable, and a 409 if it conflicts with other groups.
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
    throw new HttpProblem(
      409,
      `The server derives groups of the type ${quote(groupType)} from a user attribute.`,
    );
  }
  if (groupType !== (await getProvisionedGroupType(tx, tenantId))) {
    const [clash] = await listNameClashes(tx, tenantId, groupType);
    if (clash !== undefined) {
      throw new HttpProblem(
        409,
        `A group ${quote(clash)} of the type ${quote(groupType)} already exists and is not provisioned.`,
      );
    }
  }
  await setProvisionedGroupType(tx, tenantId, groupType);
  return groupType;
}

function refuseEmpty(): never {
  throw new ItemRefusedError('groupType is empty');
}
