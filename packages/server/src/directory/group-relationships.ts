import { type Static, Type } from 'typebox';
import { HttpProblem } from '../http/errors.ts';
import { Maybe } from '../http/schema.ts';
import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { replaceHierarchy } from '../store/directory/groups.ts';
import { type Hierarchy, type RelationshipRow, readHierarchy } from './hierarchy.ts';

const FAULTS_NAMED = 100;

export const GroupRelationships = Type.Object({
  groupRelationships: Type.Array(
    Type.Object({
      group: Type.String({ description: "the group's name" }),
      groupType: Type.String({ description: 'type and name together identify the group' }),
      parent: Maybe(Type.String({ description: "the parent's name; null at the top" })),
      parentType: Maybe(Type.String({ description: "the parent's type; null at the top" })),
    }),
    { description: 'the whole hierarchy: the server retires groups that it no longer has' },
  ),
});
export type GroupRelationships = Static<typeof GroupRelationships>;

export const GroupRelationshipsReply = Type.Object({
  timestamp: Type.String({ format: 'date-time', description: "the server's time" }),
  relationships: Type.Integer({
    description: 'the number of relationships now; rows that repeat another row count once',
  }),
});

/** The hierarchy that the rows describe. Throws a 400 that names the rows that break a rule. */
export function judgeRelationships(rows: RelationshipRow[]): Hierarchy {
  const read = readHierarchy(rows);
  if ('groups' in read) return read;
  const { faults, brokenRows } = read;
  const named =
    faults.length > FAULTS_NAMED ? `the first ${FAULTS_NAMED} faults are named in errors` : 'see errors';
  throw new HttpProblem(
    400,
    `Nothing was changed: ${brokenRows} of ${rows.length} rows break a rule; ${named}.`,
    { errors: faults.slice(0, FAULTS_NAMED) },
  );
}

/** Makes `hierarchy` the organisation's whole hierarchy of groups. */
export async function replaceRelationships(tx: Tx, tenantId: string, hierarchy: Hierarchy): Promise<void> {
  await lockDirectory(tx, tenantId);
  await replaceHierarchy(tx, tenantId, hierarchy.groups);
}
