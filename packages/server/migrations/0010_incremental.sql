-- Up Migration

---------------------------------------------------------------------------------------------------------
-- What a snapshot did not see is found by written_xid; pg_visible_in_snapshot() then tells what lies between. Rows are
-- written in about that order, so an index grows at its end, and the many rows of one transaction share an entry.

CREATE INDEX presence_events_by_writer ON presence_events (tenant_id, written_xid);
CREATE INDEX occupancy_events_by_writer ON occupancy_events (tenant_id, written_xid);
CREATE INDEX visitor_arrivals_by_writer ON visitor_arrivals (tenant_id, written_xid);
CREATE INDEX action_log_by_writer ON action_log (tenant_id, written_xid);
CREATE INDEX day_plans_by_writer ON day_plans (tenant_id, written_xid);
CREATE INDEX bookings_by_writer ON bookings (tenant_id, written_xid);

---------------------------------------------------------------------------------------------------------
-- Changes of attendance that no row tells of: a person's day that had a plan, or was seen, where it is not any more, and
-- offices whose presence reporting was set anew. No keys but those that it is read by, and no foreign keys: it is written
-- wherever days are. It means nothing in another database, and backups do not carry it.
CREATE TABLE attendance_changes (
  tenant_id uuid NOT NULL,
  -- Null: the plan that is gone named no office.
  location_id uuid,
  -- Null: all days of the office.
  day date,
  user_id uuid,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CHECK ((day IS NULL) = (user_id IS NULL)),
  CHECK (day IS NOT NULL OR location_id IS NOT NULL)
);
CREATE INDEX attendance_changes_by_writer ON attendance_changes (tenant_id, written_xid);
CREATE INDEX attendance_changes_by_day ON attendance_changes (tenant_id, day, user_id);
ALTER TABLE attendance_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE attendance_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON attendance_changes USING (tenant_id = current_tenant_id());

-- Plans that are made, as the horizon engine makes them by the hundred thousand, cost nothing here.
CREATE FUNCTION note_gone_plan() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO attendance_changes (tenant_id, location_id, day, user_id)
  VALUES (OLD.tenant_id, OLD.location_id, OLD.day, OLD.user_id);
  RETURN NULL;
END $$;
CREATE TRIGGER note_deleted AFTER DELETE ON day_plans FOR EACH ROW EXECUTE FUNCTION note_gone_plan();
CREATE TRIGGER note_moved AFTER UPDATE OF location_id ON day_plans FOR EACH ROW
  WHEN (OLD.location_id IS DISTINCT FROM NEW.location_id) EXECUTE FUNCTION note_gone_plan();

-- Nothing of an event is ever changed but its day.
CREATE FUNCTION note_redated_presence() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO attendance_changes (tenant_id, location_id, day, user_id)
  SELECT DISTINCT tenant_id, location_id, day, user_id FROM old_rows;
  RETURN NULL;
END $$;
CREATE TRIGGER note_redated AFTER UPDATE ON presence_events REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION note_redated_presence();

-- The row itself will not do: the horizon engine writes it every night.
CREATE FUNCTION note_set_reporting() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO attendance_changes (tenant_id, location_id) VALUES (NEW.tenant_id, NEW.location_id);
  RETURN NULL;
END $$;
CREATE TRIGGER note_reporting AFTER INSERT ON office_settings FOR EACH ROW
  WHEN (NEW.presence_reporting <> 'detect') EXECUTE FUNCTION note_set_reporting();
CREATE TRIGGER note_new_reporting AFTER UPDATE OF presence_reporting ON office_settings FOR EACH ROW
  WHEN (OLD.presence_reporting <> NEW.presence_reporting) EXECUTE FUNCTION note_set_reporting();

---------------------------------------------------------------------------------------------------------
-- Which history of which database a transaction id is of.

-- PostgreSQL's starts, each with the first id that was free when it was noticed. Whatever sets the files of a database
-- back to an earlier moment starts it anew: ids beyond first_xid of a later run that were given out in an earlier one are
-- of a history that is gone.
CREATE TABLE database_runs (
  run_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  started_at timestamptz NOT NULL UNIQUE,
  first_xid xid8 NOT NULL
);

CREATE FUNCTION note_database_run() RETURNS uuid
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  INSERT INTO database_runs (started_at, first_xid)
  VALUES (pg_postmaster_start_time(), pg_snapshot_xmax(pg_current_snapshot()))
  ON CONFLICT (started_at) DO NOTHING;
  SELECT run_id FROM database_runs WHERE started_at = pg_postmaster_start_time();
END;

-- The cluster, its timeline, the database in it, and the schema in that: another one wherever data were copied to, or a
-- standby was promoted. run_id is null where nobody has noted this run yet.
CREATE FUNCTION current_history(OUT database text, OUT run_id uuid) RETURNS record
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT left(encode(sha256(convert_to(concat_ws('/',
           (SELECT system_identifier FROM pg_control_system()), left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
           (SELECT oid FROM pg_database WHERE datname = current_database()), 'database_runs'::regclass::oid), 'UTF8')), 'hex'), 16),
         (SELECT r.run_id FROM database_runs r WHERE r.started_at = pg_postmaster_start_time());
END;

-- Whether ids before `before_xid`, as they were given out in that run, are still what they were.
CREATE FUNCTION is_in_history(wanted_run_id uuid, before_xid xid8) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT EXISTS (
    SELECT FROM database_runs r WHERE r.run_id = wanted_run_id AND NOT EXISTS (
      SELECT FROM database_runs l WHERE l.first_xid > r.first_xid AND l.first_xid < before_xid
    )
  );
END;
