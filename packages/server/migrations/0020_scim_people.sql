-- Up Migration

---------------------------------------------------------------------------------------------------------
-- An externalId is the client's: the client controls its uniqueness, and the server does not enforce it (RFC 7643 section 3.1).
DROP INDEX users_by_external_id;
CREATE INDEX users_by_external_id ON users (tenant_id, external_id) WHERE external_id IS NOT NULL;
DROP INDEX groups_by_external_id;
CREATE INDEX groups_by_external_id ON groups (tenant_id, external_id) WHERE external_id IS NOT NULL;

---------------------------------------------------------------------------------------------------------
-- The lists of SCIM are in the order of creation, so that a new resource comes after every page that was read before. Writers pass a
-- time that is later than every one before it (store/creation-time); the default is for writers that do not know of it.
ALTER TABLE users ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT transaction_timestamp();
ALTER TABLE groups ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT transaction_timestamp();
CREATE INDEX users_by_creation ON users (tenant_id, created_at, user_id);
CREATE INDEX groups_by_creation ON groups (tenant_id, created_at, group_id);

---------------------------------------------------------------------------------------------------------
-- When the identity provider deleted a person; null for deletions before this version.
ALTER TABLE users
  ADD COLUMN deprovisioned_at timestamptz,
  ADD CHECK (deprovisioned OR deprovisioned_at IS NULL);

CREATE OR REPLACE FUNCTION end_deprovisioning() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  NEW.deprovisioned := false;
  NEW.deprovisioned_at := NULL;
  RETURN NEW;
END $$;
