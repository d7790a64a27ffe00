-- Up Migration

-- When each job last succeeded, and how long its last run took. The start of a run clears neither, so every server can show both,
-- whichever server ran the job.
ALTER TABLE job_runs
  ADD COLUMN succeeded_at timestamptz,
  ADD COLUMN duration interval;

UPDATE job_runs SET succeeded_at = CASE WHEN failure IS NULL THEN ended_at END, duration = ended_at - started_at
WHERE ended_at IS NOT NULL;

CREATE OR REPLACE FUNCTION note_job_end(job_name text, at timestamptz, why text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  UPDATE job_runs
  SET ended_at = at, failure = why, duration = at - started_at,
      succeeded_at = CASE WHEN why IS NULL THEN at ELSE succeeded_at END
  WHERE name = job_name;
END;

CREATE FUNCTION job_states() RETURNS TABLE (name text, succeeded_at timestamptz, duration interval)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT r.name, r.succeeded_at, r.duration FROM job_runs r;
END;
