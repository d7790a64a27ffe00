-- Up Migration

-- How often whom or what an organisation's events may mean was changed: the sum of its rows. A server that remembers people,
-- cards and places asks, in the transaction that stores events, whether what it remembers is still what is there.
-- A transaction counts in a row that no other one is counting in, so that nobody waits for another's end: there are as many
-- as there ever were at a time. Not carried by backups.
CREATE TABLE directory_versions (
  tenant_id uuid NOT NULL,
  counter_id uuid NOT NULL DEFAULT gen_random_uuid(),
  changes bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, counter_id)
);
ALTER TABLE directory_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE directory_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON directory_versions USING (tenant_id = current_tenant_id());

-- Once for a statement, however many rows it writes. A superuser who has entered no organisation changes those of any.
CREATE FUNCTION note_directory_change() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  IF current_tenant_id() IS NOT NULL THEN
    UPDATE directory_versions SET changes = changes + 1
    WHERE tenant_id = current_tenant_id() AND counter_id = (
      SELECT v.counter_id FROM directory_versions v WHERE v.tenant_id = current_tenant_id()
      ORDER BY v.counter_id LIMIT 1 FOR UPDATE SKIP LOCKED
    );
    IF NOT FOUND THEN
      INSERT INTO directory_versions (tenant_id) VALUES (current_tenant_id());
    END IF;
  ELSIF NOT row_security_active('directory_versions') THEN
    UPDATE directory_versions SET changes = changes + 1;
    INSERT INTO directory_versions (tenant_id)
    SELECT o.tenant_id FROM organisations o
    WHERE NOT EXISTS (SELECT FROM directory_versions v WHERE v.tenant_id = o.tenant_id);
  END IF;
  RETURN NULL;
END $$;

-- A new node makes nothing wrong that was found before; a new person or card can make a name mean somebody else.
CREATE TRIGGER note_directory_change AFTER UPDATE OF status, parent_id, kind, time_zone ON nodes
  FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER note_directory_change
  AFTER INSERT OR UPDATE OF user_name, user_name_folded, email, email_folded, status ON users
  FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER note_directory_change AFTER INSERT OR UPDATE OF user_id, active ON access_credentials
  FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER note_directory_change AFTER INSERT OR DELETE ON access_credential_scans
  FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER note_directory_change AFTER UPDATE OF desk_presence ON office_settings
  FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
-- Not for the horizon engine, which makes rows here while it has people locked that a writer of the directory may wait for.
CREATE TRIGGER note_first_desk_presence AFTER INSERT ON office_settings
  FOR EACH ROW WHEN (NEW.desk_presence <> 'record') EXECUTE FUNCTION note_directory_change();

-- Lets the rest of a transaction see and write the rows of an organisation whose directory is of the version that the
-- caller remembers, or of any where none is given, and no organisation's otherwise. The version that it is of.
CREATE FUNCTION enter_tenant_at(wanted uuid, remembered text) RETURNS text
  LANGUAGE plpgsql AS $$
DECLARE
  current text;
BEGIN
  PERFORM set_config('rollcall.tenant_id', wanted::text, true);
  SELECT coalesce(sum(changes), 0)::text INTO current FROM directory_versions WHERE tenant_id = wanted;
  IF current <> remembered THEN
    PERFORM set_config('rollcall.tenant_id', '', true);
  END IF;
  RETURN current;
END $$;

-- Once for a statement rather than for each of the thousand rows that it inserts.
ALTER POLICY tenant ON presence_events USING (tenant_id = (SELECT current_tenant_id()));
ALTER POLICY tenant ON occupancy_events USING (tenant_id = (SELECT current_tenant_id()));
ALTER POLICY tenant ON visitor_arrivals USING (tenant_id = (SELECT current_tenant_id()));
