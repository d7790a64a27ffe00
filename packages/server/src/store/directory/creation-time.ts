/**
 * The SQL of a creation time for a new row of `table`: the time in `place`, but later than that of every row before. Rows that
 * one transaction makes have the same time. Needs the directory lock: without it, a row could come before one that was read already.
 */
export function nextCreationTime(table: 'users' | 'groups', place: string): string {
  return `greatest(${place}::timestamptz, (SELECT created_at FROM ${table} WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 1) + interval '1 microsecond')`;
}
