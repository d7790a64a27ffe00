-- Up Migration

-- The limits of a key that differ from the defaults: units a minute by class, and exports at a time.
ALTER TABLE api_keys ADD COLUMN limits jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(limits) = 'object');

DROP TRIGGER announce ON api_keys;
CREATE TRIGGER announce AFTER INSERT
  OR UPDATE OF role, authentication, secret_sealed, previous_secret_sealed, previous_secret_expires_at, expires_at, revoked_at,
    limits
  ON api_keys FOR EACH ROW EXECUTE FUNCTION announce_api_key();

-- The processes that answer requests now. Each grants its part of every rate limit. The table knows no organisation. It is
-- unlogged, because a row is good for seconds only. Backups do not have it.
CREATE UNLOGGED TABLE server_processes (
  process_id uuid PRIMARY KEY,
  seen_at timestamptz NOT NULL
);

-- Notes that a process lives, forgets those that have not been seen for ten seconds, and returns how many live. The time is the
-- database's: the clocks of several machines may differ by more than those ten seconds.
CREATE FUNCTION note_server_process(process uuid) RETURNS integer
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  DELETE FROM server_processes WHERE process_id IN (
    SELECT process_id FROM server_processes
    WHERE seen_at < clock_timestamp() - interval '10 seconds' AND process_id <> process
    FOR UPDATE SKIP LOCKED);
  INSERT INTO server_processes (process_id, seen_at) VALUES (process, clock_timestamp())
  ON CONFLICT (process_id) DO UPDATE SET seen_at = excluded.seen_at;
  SELECT count(*)::integer FROM server_processes;
END;

-- Forgets a process that ends.
CREATE FUNCTION forget_server_process(process uuid) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  DELETE FROM server_processes WHERE process_id = process;
END;
