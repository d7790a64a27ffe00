import { expect, test } from 'vitest';
import { ChangesClient } from './support/changes.ts';
import { enforceRetention } from './support/retention.ts';

const client = ChangesClient.forEachTest();

const PEOPLE = 50_000;

test(`the names of a day of ${PEOPLE} people end in slices, in a small multiple of the time that their rows took to store`, async () => {
  const { locationId } = client.site.office;
  await client.write(
    `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded)
     SELECT $1, gen_random_uuid(), 'p' || n, 'p' || n FROM generate_series(1, $2::integer) AS n`,
    PEOPLE,
  );
  const startedMs = performance.now();
  await client.write(
    `WITH plans AS (
       INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
       SELECT $1, user_id, '2026-03-31', 'o', $2, 'day' FROM users WHERE tenant_id = $1)
     INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, set_by)
     SELECT $1, user_id, '2026-03-31', $2, $2, 'location', 'person' FROM users WHERE tenant_id = $1`,
    locationId,
  );
  await client.write(
    `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id, source_id, received_at)
     SELECT $1, timestamptz '2026-03-31 09:00:00Z' + n * interval '1 hour', gen_random_uuid(), '2026-03-31', user_id, $2, $2, 'e', 's', now()
     FROM users, generate_series(0, 3) AS n WHERE tenant_id = $1`,
    locationId,
  );
  await client.write(
    `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by)
     SELECT $1, timestamptz '2026-03-31 08:00:00Z', gen_random_uuid(), gen_random_uuid(), user_id, '2026-03-31', 'plan', 'created', 'x', 'engine'
     FROM users WHERE tenant_id = $1`,
  );
  const storedMs = performance.now() - startedMs;
  client.server.clock.nowMs = Date.parse('2027-05-01T12:00:00Z');
  const before = performance.now();
  await enforceRetention(client);
  const movedMs = performance.now() - before;
  console.log(`stored in ${Math.round(storedMs)} ms, moved in ${Math.round(movedMs)} ms`);
  const { rows } = await client.write(
    'SELECT count(DISTINCT user_id)::integer AS count FROM presence_events WHERE tenant_id = $1',
  );
  expect(rows).toEqual([{ count: PEOPLE + 1 }]);
  expect(movedMs / storedMs).toBeLessThan(20);
});
