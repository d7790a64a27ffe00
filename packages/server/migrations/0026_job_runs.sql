-- Up Migration

-- The last run of each background job, for those who operate servers. It knows no organisation: the reason of a failure
-- is the error's kind and text without rows. Not part of a backup.
CREATE TABLE job_runs (
  name text PRIMARY KEY,
  started_at timestamptz NOT NULL,
  -- Null while it runs, and for good where its process was killed.
  ended_at timestamptz,
  -- Null where it did what it is for.
  failure text,
  CHECK (failure IS NULL OR ended_at IS NOT NULL)
);

CREATE FUNCTION note_job_start(job_name text, at timestamptz) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  INSERT INTO job_runs (name, started_at) VALUES (job_name, at)
  ON CONFLICT (name) DO UPDATE SET started_at = at, ended_at = NULL, failure = NULL;
END;

CREATE FUNCTION note_job_end(job_name text, at timestamptz, why text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  UPDATE job_runs SET ended_at = at, failure = why WHERE name = job_name;
END;
