/*
 * The exports of the warehouse, as SQL that makes the JSON in the database. Each dataset's rows have several forms. Members
 * that do not apply are null here, and absent in the server's answer.
 */

const DAY = (day) => `${day} || 'T00:00:00.000Z'`;
const node = (alias, kinds) =>
  kinds.flatMap((kind) => [
    [`${kind}Id`, `${alias}.${kind}_id`, alias],
    [`${kind}Name`, `${alias}.${kind}_name`, alias],
  ]);

/**
 * A dataset. A member has its SQL and, if many rows share it, the alias of the shared table. Each shared table has its join
 * column.
 */
export const DATASETS = {
  presence: {
    path: 'presence',
    goal: 2.5,
    members: [
      ['eventId', 'e.event_id'],
      ['timestamp', `to_char(e.observed_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`],
      ['day', DAY('e.day')],
      ['userId', 'u.user_id', 'u'],
      ['userEmail', 'u.email', 'u'],
      ['sourceId', 'e.source_id'],
      ['sourceUserId', 'e.source_user_id'],
      ['locationType', 'p.kind', 'p'],
      ...node('p', ['location', 'level', 'zone', 'place', 'space']),
    ],
    shared: { u: ['user_id', 'users u'], p: ['node_id', 'node_paths p'] },
    from: (
      { u, p },
      from,
      last,
    ) => `presence_events e JOIN ${u} ON u.user_id = e.user_id JOIN ${p} ON p.node_id = e.node_id
      WHERE e.tenant_id = current_tenant_id() AND e.day BETWEEN '${from}' AND '${last}'
      ORDER BY e.day, e.user_id, e.location_id, e.observed_at, e.event_digest`,
  },
  attendance: {
    path: 'user-booking-attendance',
    goal: 1.5,
    members: [
      ['userId', 'u.user_id', 'u'],
      ['primaryLocationId', 'u.primary_location_id', 'u'],
      ['primaryLocationName', 'u.location_name', 'u'],
      ['day', DAY('a.day')],
      ['plan', 'a.plan'],
      ['bookingDepth', 'b.depth', 'b'],
      ['attendanceType', 'a.type'],
      ...node('b', ['location', 'level', 'zone', 'place']).map(([name, ...rest]) => [
        `booking${name[0].toUpperCase()}${name.slice(1)}`,
        ...rest,
      ]),
      ['primaryGroupId', 'g.group_id', 'g'],
      ['primaryGroupName', 'g.name', 'g'],
      ['attendanceLocationId', 'o.node_id', 'o'],
      ['attendanceLocationName', 'o.name', 'o'],
    ],
    shared: {
      u: [
        'user_id, primary_group_id',
        `(SELECT s.*, n.name AS location_name FROM users s LEFT JOIN nodes n ON n.tenant_id = s.tenant_id AND n.node_id = s.primary_location_id) u`,
      ],
      g: ['group_id', 'groups g'],
      b: [
        'node_id',
        `(SELECT *, CASE kind WHEN 'location' THEN 1 WHEN 'zone' THEN 2 ELSE 3 END AS depth FROM node_paths) b`,
      ],
      o: ['node_id', 'nodes o'],
    },
    from: ({ u, g, b, o }, from, last) => `(
        WITH plans AS MATERIALIZED (
          SELECT p.user_id, p.day, p.plan, p.location_id, p.set_by, k.node_id FROM day_plans p
          LEFT JOIN bookings k ON k.tenant_id = p.tenant_id AND k.user_id = p.user_id AND k.day = p.day
          WHERE p.tenant_id = current_tenant_id() AND p.day BETWEEN '${from}' AND '${last}'),
        seen AS MATERIALIZED (
          SELECT DISTINCT user_id, day, location_id FROM presence_events
          WHERE tenant_id = current_tenant_id() AND day BETWEEN '${from}' AND '${last}'),
        office_days AS MATERIALIZED (
          SELECT o.location_id, d.day, (now() AT TIME ZONE o.time_zone)::date > d.day AS ended,
                 o.presence_reporting = 'always' OR (o.presence_reporting = 'detect' AND s.day IS NOT NULL) AS worked
          FROM offices o CROSS JOIN (SELECT '${from}'::date + n AS day FROM generate_series(0, '${last}'::date - '${from}'::date) n) d
          LEFT JOIN (SELECT DISTINCT location_id, day FROM seen) s ON s.location_id = o.location_id AND s.day = d.day
          WHERE o.tenant_id = current_tenant_id())
        SELECT p.user_id, p.day, p.plan, p.location_id, p.node_id,
               CASE WHEN s.user_id IS NOT NULL THEN CASE p.set_by WHEN 'presence' THEN 'walkIn' ELSE 'confirmed' END
                    WHEN d.ended AND p.set_by <> 'presence' THEN CASE WHEN d.worked THEN 'noShow' ELSE 'unconfirmed' END END AS type
        FROM plans p LEFT JOIN seen s ON s.user_id = p.user_id AND s.day = p.day AND s.location_id = p.location_id
        LEFT JOIN office_days d ON d.location_id = p.location_id AND d.day = p.day
        UNION ALL
        SELECT s.user_id, s.day, coalesce(p.plan, 'a'), s.location_id, NULL, 'walkIn'
        FROM seen s LEFT JOIN plans p ON p.user_id = s.user_id AND p.day = s.day
        WHERE p.location_id IS DISTINCT FROM s.location_id) a
      JOIN ${u} ON u.user_id = a.user_id LEFT JOIN ${g} ON g.group_id = u.primary_group_id
      LEFT JOIN ${b} ON b.node_id = a.node_id LEFT JOIN ${o} ON o.node_id = a.location_id
      ORDER BY a.day, a.user_id, a.location_id NULLS FIRST`,
  },
};

/** The forms of SQL that make the JSON of a row, given a dataset and the first and last day. */
export const FORMS = {
  row_to_json: (dataset, from, last) =>
    `SELECT row_to_json(r) FROM (SELECT ${dataset.members.map(([name, sql]) => `${sql} AS "${name}"`).join(', ')}
     FROM ${dataset.from(tables(dataset), from, last)}) r`,
  json_build_object: (dataset, from, last) =>
    `SELECT json_build_object(${dataset.members.map(([name, sql]) => `'${name}', ${sql}`).join(', ')})
     FROM ${dataset.from(tables(dataset), from, last)}`,
  concatenation: (dataset, from, last) =>
    `SELECT '{' || ${dataset.members.map(member).join(` || ',' || `)} || '}' FROM ${dataset.from(tables(dataset), from, last)}`,
  'concatenation of fragments': (dataset, from, last) =>
    `SELECT '{' || ${runs(dataset)
      .map(({ of, members, column }) =>
        of
          ? `coalesce(${of}.${column}, '${members.map(([name]) => `"${name}":null`).join(',')}')`
          : members.map(member).join(` || ',' || `),
      )
      .join(` || ',' || `)} || '}' FROM ${dataset.from(fragments(dataset), from, last)}`,
};

const tables = ({ shared }) =>
  Object.fromEntries(Object.entries(shared).map(([alias, [, table]]) => [alias, table]));

const member = ([name, sql]) => `'"${name}":' || coalesce(to_json(${sql})::text, 'null')`;

/** Groups neighbouring members that belong to the same shared table, or to none. */
function runs({ members }) {
  const found = [];
  for (const each of members) {
    const of = each[2];
    if (found.length > 0 && found.at(-1).of === of) found.at(-1).members.push(each);
    else found.push({ of, members: [each], column: `json${found.length}` });
  }
  return found;
}

/** Shared tables, with the JSON of their members made once for each of their rows. */
function fragments(dataset) {
  return Object.fromEntries(
    Object.entries(dataset.shared).map(([alias, [keys, table]]) => {
      const columns = runs(dataset)
        .filter(({ of }) => of === alias)
        .map(({ members, column }) => `${members.map(member).join(` || ',' || `)} AS ${column}`);
      return [
        alias,
        `(SELECT ${keys}, ${columns.join(', ')} FROM ${table} WHERE tenant_id = current_tenant_id() OFFSET 0) ${alias}`,
      ];
    }),
  );
}
