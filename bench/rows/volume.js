import { Environment } from '../environment.js';
import { inTurn } from '../statistics.js';
import { comparison, load } from './common.js';

/** Stored events: few, and many. */
const FULL = { few: 100_000, many: 20_000_000 };
const SMALL = { few: 10, many: 2_000 };
/**
 * Of many events, this part is in the current month, its coming days included: so the figure does not depend on the day of
 * the run. The others are in the eleven months before.
 */
const THIS_MONTH = 0.3;
const SLICE = 250_000;
const BATCH = 100;
const CONNECTIONS = 16;

/** Events per second with 20 million stored events, against 100 thousand, in two databases side by side. */
export function volume(context) {
  return withStored(context, 'volume', context.isSmoke ? SMALL : FULL);
}

/** The same with as many millions of stored events as the machine holds. */
export function large(context) {
  return withStored(context, 'large', { few: FULL.few, many: context.millions * 1_000_000 });
}

async function withStored(context, row, counts) {
  const { environment: few, server } = context;
  const thisMonth = counts.many * THIS_MONTH;
  const many = await Environment.create(context.size);
  try {
    await withoutIndexes(many, context.progress, async () => {
      await store(many, thisMonth, 0, context.progress);
      await store(many, counts.many - thisMonth, 11, context.progress);
    });
    context.progress('vacuuming');
    // Otherwise autovacuum would do this work in the middle of a run.
    await many.vacuum();
    const manyServer = await many.startServer();
    const run = (environment, to) =>
      load({ ...context, environment }, to, { scenario: 'batches', connections: CONNECTIONS });
    const results = await inTurn(
      context.runs,
      {
        many: () => run(many, manyServer),
        few: async () => {
          await few.removeEvents();
          await store(few, counts.few, 0, () => undefined);
          return run(few, server);
        },
      },
      context.progress,
    );
    return [
      comparison({
        row,
        what: `durable presence events as above, with ${counts.many / 1e6} million stored ones, ${thisMonth / 1e6} million of them in this month`,
        unit: 'events/s',
        scale: BATCH,
        ours: results.many,
        against: 'the same with 100 thousand',
        theirs: results.few,
        goal: 0.9,
      }),
    ];
  } finally {
    await many.close();
  }
}

/** Runs `work` without the indexes of presence events, and makes them afterwards. That takes a fraction of the time. */
async function withoutIndexes({ owner }, progress, work) {
  const { rows: indexes } = await owner.inSystem((tx) =>
    tx.query(
      `SELECT i.indexrelid::regclass::text AS name, c.conname AS key,
              CASE WHEN c.conname IS NULL THEN replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')
                   ELSE format('ALTER TABLE presence_events ADD CONSTRAINT %I %s', c.conname, pg_get_constraintdef(c.oid)) END AS definition
       FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid
       WHERE i.indrelid = 'presence_events'::regclass`,
    ),
  );
  await owner.inSystem(async (tx) => {
    for (const { name, key } of indexes)
      await tx.query(
        key === null ? `DROP INDEX ${name}` : `ALTER TABLE presence_events DROP CONSTRAINT ${key}`,
      );
  });
  await work();
  for (const { name, definition } of indexes) {
    progress(`making the index ${name}`);
    await owner.inSystem(async (tx) => {
      await tx.query("SET LOCAL maintenance_work_mem TO '1GB'");
      await tx.query(definition);
    });
  }
}

/**
 * Stores the same number of events for each organisation: evenly over this month, or over `monthsBefore` months before.
 * It writes as the owner, because the server would take much longer. It handles two organisations at a time.
 */
async function store({ owner, data }, count, monthsBefore, progress) {
  const each = count / data.organisations.length;
  const beganMs = performance.now();
  const waiting = [...data.organisations];
  let stored = 0;
  const storeWaiting = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      for (let from = 0; from < each; from += SLICE) {
        const to = Math.min(from + SLICE, each);
        await owner.inTenant(next.tenantId, (tx) =>
          tx.query(STORE, [next.tenantId, next.locationId, from, to, each, monthsBefore]),
        );
        stored += to - from;
        const perSecond = stored / ((performance.now() - beganMs) / 1_000);
        progress(`stored ${stored} of ${count} events, ${Math.round(perSecond)} a second`);
      }
    }
  };
  await Promise.all([storeWaiting(), storeWaiting()]);
}

const STORE = `
  WITH span AS (
    SELECT CASE WHEN $6 = 0 THEN date_trunc('month', now()) ELSE date_trunc('month', now()) - make_interval(months => $6) END AS first,
           date_trunc('month', now()) + make_interval(months => ($6 = 0)::int) AS last
  ), people AS MATERIALIZED (
    SELECT array_agg(user_id) AS ids FROM users WHERE tenant_id = $1
  ), desks AS MATERIALIZED (
    SELECT array_agg(node_id) AS ids FROM nodes WHERE tenant_id = $1 AND kind = 'place'
  ), events AS (
    SELECT first + (last - first) * (n / $5::float8) AS observed_at, now() - (last - first) * (1 - n / $5::float8) AS latest, n,
           people.ids[1 + n % cardinality(people.ids)] AS user_id, desks.ids[1 + n % cardinality(desks.ids)] AS node_id
    FROM generate_series($3::int, $4::int - 1) n, span, people, desks
  )
  INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id,
                               event_id, source_id, source_user_id, received_at)
  SELECT $1, observed_at, gen_random_uuid(), (observed_at AT TIME ZONE 'UTC')::date, user_id, $2, node_id,
         'stored-' || n, 'bench', NULL, LEAST(observed_at, latest)
  FROM events`;
