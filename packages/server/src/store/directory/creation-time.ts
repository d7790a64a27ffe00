/**
 * The SQL of a creation time for a new row of `table`: the time in `parameter`, but at least one microsecond
 * after the creation time of every existing row. Rows that one transaction inserts have the same time. Needs
 * the directory lock: without it, a new row could sort before a row that a client has already read.
 */
export function nextCreationTime(table: 'users' | 'groups', parameter: string): string {
  return `greatest(${parameter}::timestamptz, (SELECT created_at FROM ${table} WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 1) + interval '1 microsecond')`;
}
