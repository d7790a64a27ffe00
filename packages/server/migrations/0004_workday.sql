-- Up Migration

---------------------------------------------------------------------------------------------------------
-- Offices and desks.

-- A zone's capacity bounds how many people may be booked into it, its desks included; null: no bound.
ALTER TABLE nodes DROP CONSTRAINT nodes_check3;
ALTER TABLE nodes ADD CONSTRAINT nodes_capacity_check
  CHECK (capacity IS NULL OR (kind IN ('space', 'zone') AND capacity >= 0));

CREATE TABLE office_settings (
  tenant_id uuid NOT NULL,
  location_id uuid NOT NULL,
  location_kind text GENERATED ALWAYS AS ('location') STORED,
  -- How many days ahead of the office's today plans and bookings are made from the week plans.
  horizon_days integer NOT NULL DEFAULT 14 CHECK (horizon_days BETWEEN 0 AND 366),
  -- detect: reporting worked on a day if any presence event arrived for it.
  presence_reporting text NOT NULL DEFAULT 'detect' CHECK (presence_reporting IN ('detect', 'always', 'never')),
  -- Whether presence at a desk books it.
  desk_presence text NOT NULL DEFAULT 'record' CHECK (desk_presence IN ('record', 'book')),
  release_assigned_desks boolean NOT NULL DEFAULT true,
  -- The last day that the horizon engine has made here; null before its first run.
  horizon_reached date,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, location_id),
  FOREIGN KEY (tenant_id, location_id, location_kind) REFERENCES nodes (tenant_id, node_id, kind)
);

-- The settings of every office, defaults included.
CREATE VIEW offices WITH (security_invoker = true) AS
SELECT n.tenant_id, n.node_id AS location_id, n.name, n.status, n.time_zone,
       coalesce(s.horizon_days, 14) AS horizon_days,
       coalesce(s.presence_reporting, 'detect') AS presence_reporting,
       coalesce(s.desk_presence, 'record') AS desk_presence,
       coalesce(s.release_assigned_desks, true) AS release_assigned_desks,
       s.horizon_reached
FROM nodes n
LEFT JOIN office_settings s ON s.tenant_id = n.tenant_id AND s.location_id = n.node_id
WHERE n.kind = 'location';

CREATE TABLE desk_assignments (
  tenant_id uuid NOT NULL,
  place_id uuid NOT NULL,
  place_kind text GENERATED ALWAYS AS ('place') STORED,
  user_id uuid NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, place_id),
  FOREIGN KEY (tenant_id, place_id, place_kind) REFERENCES nodes (tenant_id, node_id, kind),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users
);
CREATE INDEX desk_assignments_by_user ON desk_assignments (tenant_id, user_id);

---------------------------------------------------------------------------------------------------------
-- Plans and bookings. Plans: o office, r remote, a away.

-- The default of each weekday (ISO: 1 Monday to 7 Sunday); a weekday without one has no plan. An office plan
-- without a location means the person's primary location on the day it is made.
CREATE TABLE week_plans (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  weekday smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
  plan text NOT NULL CHECK (plan IN ('o', 'r', 'a')),
  location_id uuid CHECK (location_id IS NULL OR plan = 'o'),
  location_kind text GENERATED ALWAYS AS (CASE WHEN location_id IS NOT NULL THEN 'location' END) STORED,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, user_id, weekday),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users,
  FOREIGN KEY (tenant_id, location_id, location_kind) REFERENCES nodes (tenant_id, node_id, kind)
);

-- Leave as it was scheduled: which days a cancellation gives back follows from what remains.
CREATE TABLE leaves (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  leave_id uuid NOT NULL,
  start_day date NOT NULL,
  end_day date NOT NULL,
  leave_type text CHECK (leave_type IN ('holiday', 'leave', 'sick')),
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, user_id, leave_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users,
  CHECK (start_day <= end_day)
);

CREATE TABLE day_plans (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  day date NOT NULL,
  plan text NOT NULL CHECK (plan IN ('o', 'r', 'a')),
  location_id uuid,
  -- Why the day is planned so: by the week plan, by a one-day change, by leave, or by presence itself, which
  -- does not count as a plan for attendance.
  set_by text NOT NULL CHECK (set_by IN ('week', 'day', 'leave', 'presence')),
  -- Names the person of an office plan, so that a foreign key can ask for the booking that every one has.
  booked_user_id uuid GENERATED ALWAYS AS (CASE WHEN plan = 'o' THEN user_id END) STORED,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, user_id, day),
  UNIQUE (tenant_id, user_id, day, location_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users,
  CHECK ((location_id IS NOT NULL) = (plan = 'o')),
  CHECK (set_by <> 'leave' OR plan = 'a')
);
CREATE INDEX day_plans_by_day ON day_plans (tenant_id, day, user_id);

-- A booking is of the office itself, of a zone or of a desk: depth 1, 2 and 3.
CREATE TABLE bookings (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  day date NOT NULL,
  location_id uuid NOT NULL,
  node_id uuid NOT NULL,
  node_kind text NOT NULL CHECK (node_kind IN ('location', 'zone', 'place')),
  -- The zone whose capacity the booking uses.
  zone_id uuid,
  set_by text NOT NULL CHECK (set_by IN ('person', 'engine', 'presence')),
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, user_id, day),
  FOREIGN KEY (tenant_id, node_id, node_kind) REFERENCES nodes (tenant_id, node_id, kind),
  -- No booking without an office plan there, and (below) no office plan without a booking.
  FOREIGN KEY (tenant_id, user_id, day, location_id) REFERENCES day_plans (tenant_id, user_id, day, location_id)
    DEFERRABLE INITIALLY DEFERRED,
  CHECK ((zone_id IS NULL) = (node_kind = 'location')),
  CHECK (node_kind <> 'location' OR node_id = location_id)
);
CREATE UNIQUE INDEX bookings_one_person_per_desk ON bookings (tenant_id, node_id, day) WHERE node_kind = 'place';
CREATE INDEX bookings_by_day ON bookings (tenant_id, day, location_id);

ALTER TABLE day_plans ADD FOREIGN KEY (tenant_id, booked_user_id, day) REFERENCES bookings (tenant_id, user_id, day)
  DEFERRABLE INITIALLY DEFERRED;

-- How many are booked into a zone on a day: the row on which those who want its last seat meet.
CREATE TABLE zone_days (
  tenant_id uuid NOT NULL,
  zone_id uuid NOT NULL,
  day date NOT NULL,
  booked integer NOT NULL CHECK (booked >= 0),
  PRIMARY KEY (tenant_id, zone_id, day)
);

-- What a booking says of its node was true of the tree when it was made; the tree may change later.
CREATE FUNCTION check_booked_nodes() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT tenant_id, node_id, location_id, zone_id FROM new_rows) AS b
    JOIN node_paths n ON n.tenant_id = b.tenant_id AND n.node_id = b.node_id
    WHERE (n.location_id, n.zone_id) IS DISTINCT FROM (b.location_id, b.zone_id)
  ) THEN
    RAISE EXCEPTION 'A booking is of a node of its office, in the zone of that node.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER check_nodes AFTER INSERT ON bookings REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION check_booked_nodes();

-- Once per statement and in the order of the key: a leave of years is one pass, and two statements never wait
-- for each other's zones in a circle. SQLSTATE RC001: the zone is full that day.
CREATE FUNCTION count_zone_bookings() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    UPDATE zone_days z SET booked = z.booked - gone.bookings
    FROM (SELECT tenant_id, zone_id, day, count(*) AS bookings FROM old_rows GROUP BY tenant_id, zone_id, day) AS gone
    WHERE z.tenant_id = gone.tenant_id AND z.zone_id = gone.zone_id AND z.day = gone.day;
    RETURN NULL;
  END IF;
  INSERT INTO zone_days AS z (tenant_id, zone_id, day, booked)
  SELECT tenant_id, zone_id, day, count(*) FROM new_rows WHERE zone_id IS NOT NULL
  GROUP BY tenant_id, zone_id, day ORDER BY tenant_id, zone_id, day
  ON CONFLICT (tenant_id, zone_id, day) DO UPDATE SET booked = z.booked + excluded.booked;
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT tenant_id, zone_id, day FROM new_rows) AS b
    JOIN zone_days z ON z.tenant_id = b.tenant_id AND z.zone_id = b.zone_id AND z.day = b.day
    JOIN nodes n ON n.tenant_id = b.tenant_id AND n.node_id = b.zone_id
    WHERE z.booked > n.capacity
  ) THEN
    RAISE EXCEPTION 'The zone is full that day.' USING ERRCODE = 'RC001';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER count_new AFTER INSERT ON bookings REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION count_zone_bookings();
CREATE TRIGGER count_gone AFTER DELETE ON bookings REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION count_zone_bookings();

-- So that nothing is booked but by an insert, which is checked and counted.
CREATE FUNCTION refuse_moved_booking() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'A booking is deleted and made anew, not moved.' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER unmoved BEFORE UPDATE OF tenant_id, user_id, day, location_id, node_id, node_kind, zone_id ON bookings
  FOR EACH ROW EXECUTE FUNCTION refuse_moved_booking();

---------------------------------------------------------------------------------------------------------
-- The action log: a plan change and the booking change that it causes share an action_id. No foreign keys, as
-- for events: it is written by the one statement that has looked everybody up, and a leave of years is many rows.

CREATE TABLE action_log (
  tenant_id uuid NOT NULL,
  logged_at timestamptz NOT NULL,
  entry_id uuid NOT NULL,
  action_id uuid NOT NULL,
  user_id uuid NOT NULL,
  day date NOT NULL,
  category text NOT NULL CHECK (category IN ('plan', 'booking')),
  action text NOT NULL,
  description text NOT NULL,
  changed_by text NOT NULL CHECK (changed_by IN ('user', 'admin', 'engine', 'integration')),
  changed_by_name text,
  reason text,
  before jsonb,
  after jsonb,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, logged_at, entry_id)
);
CREATE INDEX action_log_by_user ON action_log (tenant_id, user_id, logged_at);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['office_settings', 'desk_assignments', 'week_plans', 'leaves', 'day_plans', 'bookings',
                                    'zone_days', 'action_log'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = current_tenant_id())', table_name);
  END LOOP;
  FOREACH table_name IN ARRAY ARRAY['office_settings', 'desk_assignments', 'week_plans', 'leaves', 'day_plans',
                                    'bookings'] LOOP
    EXECUTE format('CREATE TRIGGER stamp BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION stamp_written_xid()', table_name);
  END LOOP;
END $$;
