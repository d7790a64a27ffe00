-- Up Migration

---------------------------------------------------------------------------------------------------------
-- Tokens of identity providers, good for /scim/v2 only. A token is 256 random bits, so its SHA-256 needs no salt:
-- who reads the hash cannot find the token.

-- Known before an organisation is: reached through the function at the end of this file only.
CREATE TABLE scim_token_index (
  token_hash bytea PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES organisations
);

CREATE TABLE scim_tokens (
  tenant_id uuid NOT NULL REFERENCES organisations,
  token_id uuid NOT NULL,
  name text NOT NULL,
  token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, token_id)
);
CREATE UNIQUE INDEX scim_tokens_by_hash ON scim_tokens (tenant_id, token_hash);
CREATE TRIGGER stamp BEFORE UPDATE ON scim_tokens FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();
ALTER TABLE scim_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE scim_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON scim_tokens USING (tenant_id = current_tenant_id());

CREATE FUNCTION tenant_of_scim_token(wanted_hash bytea) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT tenant_id FROM scim_token_index WHERE token_hash = wanted_hash;
END;

---------------------------------------------------------------------------------------------------------
-- What an identity provider says of people and groups beyond what they had already.

ALTER TABLE users
  -- The identity provider's own id.
  ADD COLUMN external_id text,
  -- As the identity provider shows the person; null: their names do.
  ADD COLUMN display_name text,
  -- Deleted by the identity provider, which must not find the person any more, though we keep them. Whoever is
  -- active again is there again.
  ADD COLUMN deprovisioned boolean NOT NULL DEFAULT false,
  ADD CHECK (status = 'inactive' OR NOT deprovisioned);
CREATE UNIQUE INDEX users_by_external_id ON users (tenant_id, external_id) WHERE external_id IS NOT NULL;

-- In the database, so that every way to activate a person does it.
CREATE FUNCTION end_deprovisioning() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  NEW.deprovisioned := false;
  RETURN NEW;
END $$;
CREATE TRIGGER end_deprovisioning BEFORE UPDATE OF status ON users FOR EACH ROW
  WHEN (NEW.status = 'active' AND NEW.deprovisioned) EXECUTE FUNCTION end_deprovisioning();

ALTER TABLE groups
  ADD COLUMN external_id text,
  -- Made or taken over by the identity provider, which sees and changes these groups only.
  ADD COLUMN provisioned boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX groups_by_external_id ON groups (tenant_id, external_id) WHERE external_id IS NOT NULL;

ALTER TABLE organisation_settings
  -- The type of provisioned groups; null: SCIM.
  ADD COLUMN provisioned_group_type text CHECK (provisioned_group_type <> '');
