-- Up Migration

---------------------------------------------------------------------------------------------------------
-- Cursors survive a promotion. A cursor has a position in PostgreSQL's write-ahead log (WAL) besides its snapshot: all transactions
-- that had ended in the snapshot have the record of their end before it. Before a cursor leaves the server, a transaction of the
-- primary commits the position here. Its own record lies behind the position. So whoever sees the position in the ledger
-- has all WAL before it, too: after a crash, after a promotion, on a standby, and in files that were set back to an earlier moment.

ALTER TABLE database_runs
  -- PostgreSQL counts it on with each promotion. 0: of a run before this column.
  ADD COLUMN timeline integer NOT NULL DEFAULT 0,
  -- The greatest position of a cursor of this run. It only grows.
  ADD COLUMN kept_lsn pg_lsn NOT NULL DEFAULT '0/0',
  DROP CONSTRAINT database_runs_started_at_key,
  ADD UNIQUE (started_at, timeline);

-- It fails on a standby. So it is volatile: the planner calls stable functions for its estimates.
CREATE FUNCTION current_timeline() RETURNS integer
  LANGUAGE sql VOLATILE SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer;
END;

UPDATE database_runs SET timeline = current_timeline() WHERE started_at = pg_postmaster_start_time();

CREATE OR REPLACE FUNCTION note_database_run() RETURNS uuid
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  INSERT INTO database_runs (started_at, timeline, first_xid)
  VALUES (pg_postmaster_start_time(), current_timeline(), pg_snapshot_xmax(pg_current_snapshot()))
  ON CONFLICT (started_at, timeline) DO NOTHING;
  SELECT run_id FROM database_runs WHERE started_at = pg_postmaster_start_time() AND timeline = current_timeline();
END;

-- The cluster, the database in it, and the schema in that. A copy of the data has another value. A standby and the primary that
-- it becomes have the same one.
CREATE FUNCTION database_id() RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT left(encode(sha256(convert_to(concat_ws('/',
           (SELECT system_identifier FROM pg_control_system()),
           (SELECT oid FROM pg_database WHERE datname = current_database()), 'database_runs'::regclass::oid), 'UTF8')), 'hex'), 16);
END;

-- The snapshot of the transaction, and the position up to which it has seen the WAL.
--
-- run_id: on a standby the newest run in its ledger; on a primary null where nobody had noted its run when the snapshot was taken.
--
-- snapshot: pg_current_snapshot() of a standby does not list the transactions in progress. So there, all transactions from
-- the oldest one in progress on count as not seen. The same holds for a null run_id: a standby may have taken such a snapshot just before
-- it was promoted.
--
-- lsn: a primary removes a transaction from the list of those in progress after it has written the record of its end, whether or not
-- that is on disk yet; so the position at which it inserts lies behind. A standby notes a record as replayed just after its effect, so
-- its position can lie at the start of the last record. No transaction of the primary that commits the position later can lie before that record.
CREATE FUNCTION current_position(OUT database text, OUT run_id uuid, OUT started_at text, OUT snapshot text, OUT lsn pg_lsn,
    OUT is_standby boolean) RETURNS record
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  WITH server AS MATERIALIZED (SELECT pg_is_in_recovery() AS in_recovery),
  run AS MATERIALIZED (
    SELECT in_recovery, CASE WHEN in_recovery
      THEN (SELECT r.run_id FROM database_runs r ORDER BY r.first_xid DESC LIMIT 1)
      ELSE (SELECT r.run_id FROM database_runs r
            WHERE r.started_at = pg_postmaster_start_time() AND r.timeline = current_timeline()) END AS run_id
    FROM server
  )
  SELECT database_id(), run.run_id, pg_postmaster_start_time()::text,
         CASE WHEN in_recovery OR run.run_id IS NULL
           THEN concat(pg_snapshot_xmin(pg_current_snapshot()), ':', pg_snapshot_xmin(pg_current_snapshot()), ':')
           ELSE pg_current_snapshot()::text END,
         CASE WHEN in_recovery THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END, in_recovery
  FROM run;
END;

-- Commits a position of the current run. False: the run is not that of this primary, so the position may be of a history that is gone.
CREATE FUNCTION keep_position(of_run_id uuid, position_lsn pg_lsn) RETURNS boolean
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  UPDATE database_runs r SET kept_lsn = position_lsn
  WHERE r.run_id = of_run_id AND r.started_at = pg_postmaster_start_time() AND r.timeline = current_timeline()
    AND position_lsn <= pg_current_wal_insert_lsn() AND r.kept_lsn < position_lsn;
  SELECT EXISTS (
    SELECT FROM database_runs r
    WHERE r.run_id = of_run_id AND r.started_at = pg_postmaster_start_time() AND r.timeline = current_timeline()
      AND r.kept_lsn >= position_lsn
  );
END;

-- Whether a position is in the past of the transaction's own snapshot. `before_xid` is the end of the snapshot at the position.
CREATE FUNCTION is_kept(of_run_id uuid, position_lsn pg_lsn, before_xid xid8) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT EXISTS (SELECT FROM database_runs r WHERE r.run_id = of_run_id AND r.kept_lsn >= position_lsn)
    AND is_in_history(of_run_id, before_xid);
END;

---------------------------------------------------------------------------------------------------------
-- A snapshot that is stored in the database lies before the transaction that stored it. So it needs no run and no position, only the
-- database to which it belongs. The values here had the timeline in them. current_history() still has it, for cursors of
-- releases before this one.

CREATE OR REPLACE FUNCTION note_attendance_mark(at timestamptz) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  DELETE FROM attendance_marks WHERE database <> database_id();
  INSERT INTO attendance_marks (database, noted_at, oldest_xid)
  VALUES (database_id(), at, pg_snapshot_xmin(pg_current_snapshot()))
  ON CONFLICT DO NOTHING;
END;

CREATE OR REPLACE FUNCTION attendance_kept_from() RETURNS xid8
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT max(m.oldest_xid) FROM attendance_marks m WHERE m.database = database_id() AND m.is_pruned;
END;

UPDATE attendance_marks SET database = database_id() WHERE database = (SELECT h.database FROM current_history() h);

ALTER TABLE aggregate_states NO FORCE ROW LEVEL SECURITY;
UPDATE aggregate_states SET database = database_id() WHERE database = (SELECT h.database FROM current_history() h);
ALTER TABLE aggregate_states FORCE ROW LEVEL SECURITY;

ALTER TABLE audit_heads NO FORCE ROW LEVEL SECURITY;
UPDATE audit_heads SET database = database_id() WHERE database = (SELECT h.database FROM current_history() h);
ALTER TABLE audit_heads FORCE ROW LEVEL SECURITY;
