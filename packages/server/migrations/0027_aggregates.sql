-- Up Migration

---------------------------------------------------------------------------------------------------------
-- Day aggregates: the attendance of an office's day in columns, from which metrics are computed. They repeat what
-- presence_events, bookings and day_plans say, and can be deleted at any time. They belong to one history of one database,
-- as transaction ids do, so backups do not carry them. They have no foreign keys.

-- Users and nodes in aggregates are numbers, because an id is four times as long and does not compress.
CREATE TABLE user_numbers (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  number integer NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);
CREATE TABLE node_numbers (
  tenant_id uuid NOT NULL,
  node_id uuid NOT NULL,
  number integer NOT NULL,
  PRIMARY KEY (tenant_id, node_id)
);

-- The snapshot by which an organisation's aggregates are current: what it did not see may be missing in them. Each
-- transaction that writes aggregates updates this row, so that of two at the same time one fails and begins again.
CREATE TABLE aggregate_states (
  tenant_id uuid PRIMARY KEY,
  -- As in a cursor: the database and its run, to which the snapshot belongs.
  database text NOT NULL,
  run_id uuid NOT NULL,
  snapshot pg_snapshot NOT NULL
);

-- The days with aggregates. An office without one on such a day had no attendance.
CREATE TABLE aggregate_days (
  tenant_id uuid NOT NULL,
  day date NOT NULL,
  PRIMARY KEY (tenant_id, day)
);

-- One entry for each user who was detected at the office, or planned to come, in the order of their numbers. Each column
-- holds a value of every entry, as big-endian integers.
CREATE TABLE day_aggregates (
  tenant_id uuid NOT NULL,
  day date NOT NULL,
  location_id uuid NOT NULL,
  -- 1 byte: 1 detected, 2 planned; the sum of both for confirmed.
  flags bytea NOT NULL,
  -- 4 bytes.
  users bytea NOT NULL,
  -- 4 bytes: the booked node, 0 without a booking.
  booked bytea NOT NULL,
  -- 2 bytes each: the first and the last detection, in minutes since the day began in UTC; 0 without one.
  first_seen bytea NOT NULL,
  last_seen bytea NOT NULL,
  -- 2 bytes: the number of nodes where the user was detected. `seen` has these nodes, 4 bytes each.
  seen_counts bytea NOT NULL,
  seen bytea NOT NULL,
  PRIMARY KEY (tenant_id, day, location_id)
);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['user_numbers', 'node_numbers', 'aggregate_states', 'aggregate_days', 'day_aggregates'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = (SELECT current_tenant_id()))', table_name);
  END LOOP;
END $$;

-- Events that are deleted change attendance, as re-dated ones do.
CREATE TRIGGER note_deleted AFTER DELETE ON presence_events REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_redated_presence();
