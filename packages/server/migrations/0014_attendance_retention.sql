-- Up Migration

-- How far back attendance_changes goes. A mark is a moment, with the oldest transaction that had not ended then: what older
-- ones wrote was there before the moment, and who has seen anything since has seen that. Once a mark is pruned, what is
-- older may be gone. Marks are of one history of one database, as transaction ids are; no organisation's data.
CREATE TABLE attendance_marks (
  database text NOT NULL,
  noted_at timestamptz NOT NULL,
  oldest_xid xid8 NOT NULL,
  is_pruned boolean NOT NULL DEFAULT false,
  PRIMARY KEY (database, noted_at)
);

CREATE FUNCTION note_attendance_mark(at timestamptz) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  DELETE FROM attendance_marks WHERE database <> (SELECT h.database FROM current_history() h);
  INSERT INTO attendance_marks (database, noted_at, oldest_xid)
  SELECT h.database, at, pg_snapshot_xmin(pg_current_snapshot()) FROM current_history() h
  ON CONFLICT DO NOTHING;
END;

-- The transactions from which on all changes are kept; null where none was ever pruned.
CREATE FUNCTION attendance_kept_from() RETURNS xid8
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT max(m.oldest_xid) FROM attendance_marks m JOIN current_history() h ON h.database = m.database WHERE m.is_pruned;
END;

-- To be committed before anything is deleted: cursors that may miss it are refused from then on.
CREATE FUNCTION prune_attendance_marks(until timestamptz) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  UPDATE attendance_marks SET is_pruned = true WHERE noted_at <= until;
  DELETE FROM attendance_marks WHERE is_pruned AND oldest_xid < attendance_kept_from();
END;
