-- Up Migration

-- Stands for a group's type and name, which together can exceed what an index row holds. Declared immutable, as
-- an index demands: convert_to is not by itself, since it looks encodings up.
CREATE FUNCTION group_digest(group_type text, name text) RETURNS bytea
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN sha256(sha256(convert_to(group_type, 'UTF8')) || sha256(convert_to(name, 'UTF8')));

-- Groups of people. Type and name together are a group's identity; a group is retired, never deleted.
CREATE TABLE groups (
  tenant_id uuid NOT NULL REFERENCES organisations,
  group_id uuid NOT NULL,
  group_type text NOT NULL,
  name text NOT NULL,
  parent_id uuid,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
  -- Whether the last list of group relationships mentioned it. A group that only attributes made is not in the
  -- hierarchy, and is not retired for being missing from a list that never had it.
  in_hierarchy boolean NOT NULL DEFAULT false,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, group_id),
  FOREIGN KEY (tenant_id, parent_id) REFERENCES groups (tenant_id, group_id),
  CHECK (status = 'active' OR NOT in_hierarchy),
  CHECK (in_hierarchy OR parent_id IS NULL)
);
CREATE UNIQUE INDEX groups_by_type_and_name ON groups (tenant_id, group_digest(group_type, name));
CREATE TRIGGER stamp BEFORE UPDATE ON groups FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();

CREATE TABLE group_members (
  tenant_id uuid NOT NULL REFERENCES organisations,
  group_id uuid NOT NULL,
  user_id uuid NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, group_id, user_id),
  FOREIGN KEY (tenant_id, group_id) REFERENCES groups,
  FOREIGN KEY (tenant_id, user_id) REFERENCES users
);
CREATE INDEX group_members_by_user ON group_members (tenant_id, user_id);
CREATE TRIGGER stamp BEFORE UPDATE ON group_members FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();

-- Attributes are named strings, numbers and booleans.
ALTER TABLE users
  ADD COLUMN primary_group_id uuid,
  ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
  ADD FOREIGN KEY (tenant_id, primary_group_id) REFERENCES groups (tenant_id, group_id);

-- What an organisation has chosen; one that has chosen nothing has no row. Null means none.
CREATE TABLE organisation_settings (
  tenant_id uuid PRIMARY KEY REFERENCES organisations,
  -- The attributes from which a user's groups follow; the type of such a group is the attribute's name.
  group_attributes text[] CHECK (cardinality(group_attributes) > 0 AND array_position(group_attributes, NULL) IS NULL),
  -- The attribute from which a user's primary group follows.
  primary_group_attribute text,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE TRIGGER stamp BEFORE UPDATE ON organisation_settings FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['groups', 'group_members', 'organisation_settings'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = current_tenant_id())', table_name);
  END LOOP;
END $$;
