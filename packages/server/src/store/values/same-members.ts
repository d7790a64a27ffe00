/** Whether two rows have the same values in all members of `a`, compared by `===`. Null is the same as null only. */
export function hasSameMembers<Row extends object>(a: Row | null, b: Row | null): boolean {
  if (a === null || b === null || a === b) return a === b;
  return (Object.keys(a) as (keyof Row)[]).every((member) => a[member] === b[member]);
}
