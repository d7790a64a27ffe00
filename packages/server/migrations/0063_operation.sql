-- Up Migration

-- The standbys of the database, and how far the slowest of them is behind, in seconds. PostgreSQL shows them only to a role with
-- pg_read_all_stats, which also shows the statements of all programs. So the owner has that right, and the role of requests gets
-- these numbers. Without the right, the columns of pg_stat_replication are null.
CREATE FUNCTION standby_state(OUT standbys integer, OUT lag_s double precision) RETURNS record
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT count(r.state)::integer,
         max(CASE WHEN r.state IS NOT NULL THEN extract(epoch FROM coalesce(r.replay_lag, interval '0')) END)::double precision
  FROM pg_stat_replication r;
END;
