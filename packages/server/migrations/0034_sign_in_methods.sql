-- Up Migration

---------------------------------------------------------------------------------------------------------
-- How people sign in besides passwords and links: OpenID Connect and passkeys. As all tables of accounts, these have no
-- row-level security, and the role for requests reaches them through functions only.

ALTER TABLE sessions DROP CONSTRAINT sessions_method_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_method_check CHECK (method IN ('password', 'link', 'openid', 'passkey'));

-- Whether a password or a link is not enough without a passkey.
ALTER TABLE accounts ADD COLUMN passkey_required boolean NOT NULL DEFAULT false;

-- Whether a claim of the identity provider gave the role. Such a role counts only in sessions that began there.
ALTER TABLE account_roles ADD COLUMN from_claim boolean NOT NULL DEFAULT false;

-- A person at an identity provider. An e-mail address is no identity: a provider may give it to another person.
CREATE TABLE account_identities (
  issuer text NOT NULL,
  subject text NOT NULL,
  account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
  linked_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX account_identities_by_account ON account_identities (account_id);

CREATE TABLE passkeys (
  credential_id bytea PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
  -- In COSE format.
  public_key bytea NOT NULL,
  -- The signatures that the authenticator has counted; 0 if it counts none.
  sign_count bigint NOT NULL,
  -- Whether the authenticator keeps copies on other devices.
  backed_up boolean NOT NULL,
  transports text[] NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz
);
CREATE INDEX passkeys_by_account ON passkeys (account_id);

-- Challenges that were answered already. Backups have none of them.
CREATE TABLE spent_challenges (
  -- SHA-256 of the challenge.
  challenge_hash bytea PRIMARY KEY CHECK (octet_length(challenge_hash) = 32),
  expires_at timestamptz NOT NULL
);

---------------------------------------------------------------------------------------------------------
-- Sessions.

CREATE OR REPLACE FUNCTION look_up_session(wanted_hash bytea) RETURNS json
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT json_build_object(
    'sessionId', s.session_id, 'method', s.method, 'createdAt', s.created_at, 'lastUsedAt', s.last_used_at,
    'accountId', a.account_id, 'email', a.email, 'emailFolded', a.email_folded, 'name', a.name,
    'hasPassword', a.password_hash IS NOT NULL, 'passkeyRequired', a.passkey_required,
    'organisations', coalesce((
      SELECT json_agg(json_build_object('tenantId', o.tenant_id, 'slug', o.slug, 'name', o.name,
                                        'timeZone', coalesce(o.unknown_time_zone, o.time_zone), 'role', r.role)
                      ORDER BY o.name, o.slug)
      FROM account_roles r JOIN organisations o ON o.tenant_id = r.tenant_id
      WHERE r.account_id = a.account_id AND r.accepted_at IS NOT NULL
        AND (NOT r.from_claim OR s.method = 'openid')), '[]'))
  FROM sessions s JOIN accounts a ON a.account_id = s.account_id
  WHERE s.token_hash = wanted_hash AND a.disabled_at IS NULL;
END;

CREATE OR REPLACE FUNCTION prune_sign_ins(created_before timestamptz, used_before timestamptz, now timestamptz,
                                          seen_before timestamptz, failed_before timestamptz) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  pruned integer := 0;
  deleted integer;
BEGIN
  DELETE FROM sessions WHERE created_at <= created_before OR last_used_at <= used_before;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  pruned := pruned + deleted;
  DELETE FROM sign_in_links WHERE expires_at <= now;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  pruned := pruned + deleted;
  DELETE FROM spent_challenges WHERE expires_at <= now;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  pruned := pruned + deleted;
  DELETE FROM sign_in_networks WHERE signed_in_at <= seen_before;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  pruned := pruned + deleted;
  DELETE FROM sign_in_failures WHERE last_failed_at <= failed_before;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN pruned + deleted;
END $$;

-- Starts a session for an account that a passkey or an identity provider has proved. `attempt` may be null. Returns false if the
-- account is gone or disabled.
CREATE FUNCTION begin_proven_session(of_account uuid, made json, attempt json, replaced bytea) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = of_account AND disabled_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF attempt IS NOT NULL THEN
    PERFORM settle_sign_in(attempt);
  END IF;
  DELETE FROM sessions WHERE token_hash = replaced;
  PERFORM insert_session(of_account, made);
  RETURN true;
END $$;

-- Notes a challenge as answered. Returns false if it was answered before.
CREATE FUNCTION spend_challenge(hash bytea, until timestamptz) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  INSERT INTO spent_challenges (challenge_hash, expires_at) VALUES (hash, until) ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

---------------------------------------------------------------------------------------------------------
-- An account, as its own person changes it.

-- Null keeps a value. Returns false if the account would require a passkey and has none.
CREATE FUNCTION change_own_account(of_account uuid, new_name text, requires_passkey boolean) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = of_account FOR UPDATE;
  IF requires_passkey AND NOT EXISTS (SELECT FROM passkeys WHERE account_id = of_account) THEN
    RETURN false;
  END IF;
  UPDATE accounts
  SET name = coalesce(new_name, name), passkey_required = coalesce(requires_passkey, passkey_required)
  WHERE account_id = of_account;
  RETURN true;
END $$;

---------------------------------------------------------------------------------------------------------
-- Passkeys.

CREATE FUNCTION passkeys_of_account(of_account uuid) RETURNS SETOF passkeys
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT * FROM passkeys WHERE account_id = of_account ORDER BY created_at, credential_id;
END;

-- A passkey with the address of its account.
CREATE FUNCTION find_passkey(wanted bytea) RETURNS TABLE (
    account_id uuid, email text, email_folded text, public_key bytea, sign_count bigint, transports text[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT a.account_id, a.email, a.email_folded, p.public_key, p.sign_count, p.transports
  FROM passkeys p JOIN accounts a ON a.account_id = p.account_id
  WHERE p.credential_id = wanted;
END;

-- Whether a password or a link of the account is not enough without a passkey.
CREATE FUNCTION requires_passkey(of_account uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT coalesce((SELECT passkey_required FROM accounts WHERE account_id = of_account), false);
END;

-- Stores a passkey, at most `most` of an account. Returns `known` if the passkey is stored already, `too many` or `done`.
CREATE FUNCTION add_passkey(of_account uuid, credential bytea, cose_key bytea, counted bigint, is_backed_up boolean,
                            by_transports text[], new_name text, at timestamptz, most integer) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = of_account FOR UPDATE;
  IF (SELECT count(*) FROM passkeys WHERE account_id = of_account) >= most THEN
    RETURN 'too many';
  END IF;
  INSERT INTO passkeys (credential_id, account_id, public_key, sign_count, backed_up, transports, name, created_at)
  VALUES (credential, of_account, cose_key, counted, is_backed_up, by_transports, new_name, at) ON CONFLICT DO NOTHING;
  RETURN CASE WHEN FOUND THEN 'done' ELSE 'known' END;
END $$;

CREATE FUNCTION rename_passkey(of_account uuid, credential bytea, new_name text) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  UPDATE passkeys SET name = new_name WHERE credential_id = credential AND account_id = of_account;
  RETURN FOUND;
END $$;

-- Returns `unknown`, `required` (the account requires a passkey and has no other) or `done`.
CREATE FUNCTION remove_passkey(of_account uuid, credential bytea) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = of_account FOR UPDATE;
  IF requires_passkey(of_account)
     AND NOT EXISTS (SELECT FROM passkeys WHERE account_id = of_account AND credential_id <> credential) THEN
    RETURN 'required';
  END IF;
  DELETE FROM passkeys WHERE credential_id = credential AND account_id = of_account;
  RETURN CASE WHEN FOUND THEN 'done' ELSE 'unknown' END;
END $$;

-- Stores that a passkey has signed. Returns false if it has signed something else since it was read, so that of two answers with
-- one count one is refused.
CREATE FUNCTION use_passkey(credential bytea, seen_count bigint, new_count bigint, is_backed_up boolean, at timestamptz)
  RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  UPDATE passkeys SET sign_count = new_count, backed_up = is_backed_up, last_used_at = at
  WHERE credential_id = credential AND sign_count = seen_count;
  RETURN FOUND;
END $$;

---------------------------------------------------------------------------------------------------------
-- Identities.

CREATE FUNCTION account_of_identity(of_issuer text, of_subject text) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT account_id FROM account_identities WHERE issuer = of_issuer AND subject = of_subject;
END;

-- Links an identity to an account. Returns false if the identity belongs to another account.
CREATE FUNCTION link_identity(of_issuer text, of_subject text, of_account uuid, at timestamptz) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  INSERT INTO account_identities (issuer, subject, account_id, linked_at)
  VALUES (of_issuer, of_subject, of_account, at) ON CONFLICT DO NOTHING;
  RETURN account_of_identity(of_issuer, of_subject) = of_account;
END $$;

-- Links an identity to the account with this address, because the operator trusts the addresses of the provider. If the account
-- has accepted no role yet, this accepts its invitations. Returns the account, or null if there is none.
CREATE FUNCTION link_identity_by_email(of_issuer text, of_subject text, wanted_folded text, at timestamptz) RETURNS uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  found_account uuid;
BEGIN
  SELECT account_id INTO found_account FROM accounts
  WHERE email_folded = wanted_folded AND disabled_at IS NULL FOR UPDATE;
  IF found_account IS NULL OR NOT link_identity(of_issuer, of_subject, found_account, at) THEN
    RETURN NULL;
  END IF;
  UPDATE account_roles SET accepted_at = at
  WHERE account_id = found_account
    AND NOT EXISTS (SELECT FROM account_roles r WHERE r.account_id = found_account AND r.accepted_at IS NOT NULL);
  RETURN found_account;
END $$;

-- Creates an account for an identity. Returns false if the address has an account.
CREATE FUNCTION create_account_of_identity(new_account uuid, new_email text, new_folded text, new_name text, of_issuer text,
                                           of_subject text, at timestamptz) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  INSERT INTO accounts (account_id, email, email_folded, name, created_at)
  VALUES (new_account, new_email, new_folded, new_name, at) ON CONFLICT (email_folded) DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  RETURN link_identity(of_issuer, of_subject, new_account, at);
END $$;

-- Whether an organisation has an administrator besides this account. Locks the roles, as `has_other_administrator` does.
CREATE FUNCTION has_administrator_besides(in_tenant uuid, than_account uuid) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM account_roles WHERE tenant_id = in_tenant ORDER BY account_id FOR UPDATE;
  RETURN EXISTS (
    SELECT FROM account_roles r JOIN accounts a ON a.account_id = r.account_id
    WHERE r.tenant_id = in_tenant AND r.account_id <> than_account AND r.role = 'administrator'
      AND r.accepted_at IS NOT NULL AND a.disabled_at IS NULL);
END $$;

-- Gives an account the roles of a claim, an object of slugs and roles, and takes away what an earlier claim gave. Roles that the
-- account has accepted by an invitation stay as they are. The last administrator of an organisation stays one. An account without
-- any role is deleted; without an accepted role, its sessions end.
-- Returns `kept`, the slugs of organisations whose last administrator it is, and `roles`, the number of accepted roles.
CREATE FUNCTION apply_claimed_roles(of_account uuid, claimed json, at timestamptz) RETURNS json
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  held record;
  kept text[] := '{}';
  accepted integer;
BEGIN
  -- Always the account before roles, and organisations in one order, so that no two transactions wait for each other.
  PERFORM FROM accounts WHERE account_id = of_account FOR UPDATE;
  FOR held IN
    SELECT o.tenant_id, o.slug, r.role, c.value AS claimed_role
    FROM organisations o
    LEFT JOIN account_roles r ON r.tenant_id = o.tenant_id AND r.account_id = of_account
    LEFT JOIN json_each_text(claimed) c ON c.key = o.slug
    WHERE CASE WHEN r.from_claim THEN true ELSE c.value IS NOT NULL AND r.accepted_at IS NULL END
    ORDER BY o.tenant_id
  LOOP
    IF held.role = 'administrator' AND held.claimed_role IS DISTINCT FROM 'administrator'
       AND NOT has_administrator_besides(held.tenant_id, of_account) THEN
      kept := kept || held.slug;
    ELSIF held.claimed_role IS NULL THEN
      DELETE FROM account_roles WHERE account_id = of_account AND tenant_id = held.tenant_id;
    ELSE
      INSERT INTO account_roles (account_id, tenant_id, role, invited_at, accepted_at, from_claim)
      VALUES (of_account, held.tenant_id, held.claimed_role, at, at, true)
      ON CONFLICT (account_id, tenant_id) DO UPDATE
      SET role = excluded.role, accepted_at = coalesce(account_roles.accepted_at, at), from_claim = true;
    END IF;
  END LOOP;
  SELECT count(*) FILTER (WHERE accepted_at IS NOT NULL) INTO accepted FROM account_roles WHERE account_id = of_account;
  IF accepted = 0 THEN
    DELETE FROM sessions WHERE account_id = of_account;
    DELETE FROM accounts a
    WHERE a.account_id = of_account AND NOT EXISTS (SELECT FROM account_roles r WHERE r.account_id = a.account_id);
  END IF;
  RETURN json_build_object('kept', kept, 'roles', accepted);
END $$;

---------------------------------------------------------------------------------------------------------
-- The accounts of the organisation that the transaction has entered.

DROP FUNCTION organisation_accounts();
CREATE FUNCTION organisation_accounts() RETURNS TABLE (
    account_id uuid, email text, name text, role text, from_claim boolean, invited_at timestamptz, accepted_at timestamptz,
    disabled_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  -- Before the person accepts, the organisation sees no more than it wrote itself.
  SELECT a.account_id, a.email, CASE WHEN r.accepted_at IS NOT NULL THEN a.name END, r.role, r.from_claim, r.invited_at,
         r.accepted_at, CASE WHEN r.accepted_at IS NOT NULL THEN a.disabled_at END
  FROM account_roles r JOIN accounts a ON a.account_id = r.account_id
  WHERE r.tenant_id = current_tenant_id()
  ORDER BY a.email_folded;
END;
