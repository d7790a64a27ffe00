-- Up Migration

-- Counts the secrets of a key. The previous secret is of the version before: a token names the version that it was issued to.
ALTER TABLE api_keys ADD COLUMN secret_version integer NOT NULL DEFAULT 1 CHECK (secret_version >= 1);

-- Which copy of the data this is. Replicas and promoted standbys are the same instance; a restore makes another one.
INSERT INTO instance_settings (name, value) VALUES ('instance-id', uuid_send(gen_random_uuid()))
  ON CONFLICT (name) DO NOTHING;

CREATE FUNCTION instance_id() RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT encode(value, 'hex')::uuid FROM instance_settings WHERE name = 'instance-id';
END;

-- Every replica reads the signing keys again as soon as there are others; a new instance always has new ones.
CREATE FUNCTION announce_signing_keys() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('rollcall_changes', json_build_object('signingKeys', true)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON signing_keys
  FOR EACH STATEMENT EXECUTE FUNCTION announce_signing_keys();
