import { type TSchema, Type } from 'typebox';
import type { Dataset } from './dataset.ts';
import { REMOVED_DAYS } from './increments.ts';

/** The schema of a row; also of a deleted row and of removed days, if the dataset has them. */
export function rowSchema({ columns, key, hasDeletions, hasRemovals }: Dataset): TSchema {
  const members = membersOf(columns);
  const row = Type.Object(Object.fromEntries(members) as Record<string, TSchema>);
  const deleted = { ...Type.Literal(true), 'x-provenance': 'ours' };
  const keyMembers = members.filter(([name]) => key?.includes(name));
  const deletion = Type.Object(
    { ...(Object.fromEntries(keyMembers) as Record<string, TSchema>), deleted },
    { description: 'with changedSince: the key of a deleted row' },
  );
  const removedDays = Object.entries(REMOVED_DAYS).map(([name, { optional: _, ...column }]) => [
    name,
    column,
  ]);
  const removal = Type.Object(
    { deleted, ...Object.fromEntries(membersOf(Object.fromEntries(removedDays))) },
    { description: 'with changedSince: all rows of these days were removed' },
  );
  const others = [...(hasDeletions ? [deletion] : []), ...(hasRemovals ? [removal] : [])];
  return others.length === 0 ? row : Type.Union([row, ...others]);
}

function membersOf(columns: Dataset['columns']): [string, TSchema][] {
  return Object.entries(columns).map(([name, { schema, provenance, optional }]) => {
    const documented = { ...schema, 'x-provenance': provenance };
    return [name, optional ? Type.Optional(documented) : documented];
  });
}
