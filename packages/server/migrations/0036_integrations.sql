-- Up Migration

---------------------------------------------------------------------------------------------------------
-- Requests may create keys and SCIM tokens. The role for requests writes the tables of keys and tokens under row-level
-- security. The two indexes belong to no organisation. Through these functions a request adds to them what its organisation
-- gets, and no more.

-- Reserves the id of a key for the organisation that the transaction has entered. Returns false if any organisation has it.
CREATE FUNCTION reserve_api_key(wanted_folded text) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  INSERT INTO api_key_index (api_key_folded, tenant_id) VALUES (wanted_folded, current_tenant_id()) ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

-- Makes a SCIM token's hash known as one of the organisation that the transaction has entered.
CREATE FUNCTION index_scim_token(new_hash bytea) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  INSERT INTO scim_token_index (token_hash, tenant_id) VALUES (new_hash, current_tenant_id());
END;

---------------------------------------------------------------------------------------------------------
-- Set-up in a browser. `serve` prints a link while there is no organisation. Backups do not have the links.

CREATE TABLE set_up_links (
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  expires_at timestamptz NOT NULL
);

-- Whether a link can set up the first organisation now.
CREATE FUNCTION is_set_up_open(wanted_hash bytea, at timestamptz) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT NOT EXISTS (SELECT FROM organisations)
     AND EXISTS (SELECT FROM set_up_links WHERE token_hash = wanted_hash AND expires_at > at);
END;

-- Makes the first organisation with its administrator, and starts a session. Of calls at the same time, one wins; all links are
-- good for nothing then. Returns false if the link cannot be redeemed.
-- `organisation` has tenantId, slug, name and timeZone; `account` has accountId, email, emailFolded, name and passwordHash; `made`
-- is that of `insert_session`.
CREATE FUNCTION set_up(wanted_hash bytea, at timestamptz, organisation json, account json, made json) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  new_tenant uuid := (organisation->>'tenantId')::uuid;
  new_account uuid := (account->>'accountId')::uuid;
BEGIN
  LOCK TABLE organisations IN SHARE ROW EXCLUSIVE MODE;
  IF NOT is_set_up_open(wanted_hash, at) THEN
    RETURN false;
  END IF;
  INSERT INTO organisations (tenant_id, slug, name, time_zone, is_demo, created_at)
  VALUES (new_tenant, organisation->>'slug', organisation->>'name', organisation->>'timeZone', false, at);
  INSERT INTO accounts (account_id, email, email_folded, name, password_hash, password_changed_at, created_at)
  VALUES (new_account, account->>'email', account->>'emailFolded', account->>'name', account->>'passwordHash', at, at);
  INSERT INTO account_roles (account_id, tenant_id, role, invited_at, accepted_at)
  VALUES (new_account, new_tenant, 'administrator', at, at);
  DELETE FROM set_up_links;
  PERFORM insert_session(new_account, made);
  RETURN true;
END $$;
