-- Up Migration

-- The values by which a server recognises the current master key and, while a rotation is not finished, the former one.
CREATE FUNCTION master_key_checks() RETURNS TABLE (name text, value bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT s.name, s.value FROM instance_settings s WHERE s.name IN ('master-key-check', 'master-key-check-former');
END;
