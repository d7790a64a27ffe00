-- Up Migration

-- A policy keeps an index on an expression from use: the look-up of a group by type and name read all groups of the
-- organisation. The column has the same value, and its index can be used.
ALTER TABLE groups ADD name_digest bytea NOT NULL GENERATED ALWAYS AS (group_digest(group_type, name)) STORED;
DROP INDEX groups_by_type_and_name;
CREATE UNIQUE INDEX groups_by_type_and_name ON groups (tenant_id, name_digest);
