/** The parts of the database that grow: the table whose rows are counted, and the others that belong to it. */
const PARTS = {
  events: ['presence_events'],
  plans: ['day_plans'],
  bookings: ['bookings'],
  log: ['action_log'],
  people: ['users', 'user_emails', 'user_numbers', 'user_searches', 'week_plans', 'group_members'],
  aggregates: ['day_aggregates', 'aggregate_days'],
};

/**
 * Bytes on the disk of each part with its indexes, and the number of rows of its first table.
 *
 * @param {import('../environment.js').Environment} environment
 * @returns {Promise<Record<keyof typeof PARTS, { bytes: number, rows: number }>>}
 */
export async function bytesOfParts(environment) {
  const { tenantId } = environment.data;
  const parts = {};
  for (const [name, tables] of Object.entries(PARTS)) {
    const { rows } = await environment.owner.inTenant(tenantId, (tx) =>
      tx.query(`SELECT count(*)::float8 AS rows FROM ${tables[0]} WHERE tenant_id = $1`, [tenantId]),
    );
    parts[name] = { bytes: await environment.bytesOf(tables), rows: rows[0].rows };
  }
  return parts;
}
