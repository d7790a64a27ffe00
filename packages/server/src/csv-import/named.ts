import { ItemRefusedError } from '../directory/values.ts';

/** Whether a row leaves each of these members out, or has the value of the named thing. */
export function fits<Member extends string>(
  item: { [M in Member]?: string },
  named: { [M in Member]: string | null },
  members: readonly Member[],
): boolean {
  return members.every((member) => item[member] === undefined || item[member] === named[member]);
}

/**
 * The one among things with a name, or the one in use; undefined if there are none. Throws `ItemRefusedError` if there are
 * several. `name` and `kinds` are words of its text, and `advice` is what tells the things apart.
 */
export function onlyOne<Named extends { inUse: boolean }>(
  found: readonly Named[],
  { name, kinds, advice }: { name: string; kinds: string; advice: string },
): Named | undefined {
  const inUse = found.filter((each) => each.inUse);
  const [only, ...others] = inUse.length > 0 ? inUse : found;
  if (others.length === 0) return only;
  throw new ItemRefusedError(`${name} is the name of ${others.length + 1} ${kinds}: give ${advice}`);
}
