-- Up Migration

---------------------------------------------------------------------------------------------------------
-- An identity is something that its person sees and disconnects. What an identity brought belongs to it: its sessions, and the
-- roles of its claim.

ALTER TABLE account_identities ADD COLUMN identity_id uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE account_identities ALTER COLUMN identity_id DROP DEFAULT;
-- The address of the person at the provider, so that the owner of the account recognises a foreign identity.
ALTER TABLE account_identities ADD COLUMN email text;
ALTER TABLE account_identities ADD COLUMN last_used_at timestamptz;
ALTER TABLE account_identities ADD CONSTRAINT account_identities_id UNIQUE (identity_id);
ALTER TABLE account_identities ADD CONSTRAINT account_identities_of_account UNIQUE (identity_id, account_id);

-- A role of a claim belongs to the identity that brought it, and counts only in the sessions of this identity. Null: the role is
-- of an invitation. A role that is accepted by an invitation and roles of claims exclude each other in an organisation.
ALTER TABLE account_roles ADD COLUMN identity_id uuid;
UPDATE account_roles r
SET identity_id = i.identity_id
FROM account_identities i
WHERE r.from_claim AND i.account_id = r.account_id
  AND NOT EXISTS (SELECT FROM account_identities o WHERE o.account_id = i.account_id AND o.identity_id <> i.identity_id);
-- Of several identities, nobody knows which one brought the role. The claim brings it again at the next sign-in.
DELETE FROM account_roles WHERE from_claim AND identity_id IS NULL;

ALTER TABLE sessions ADD COLUMN identity_id uuid REFERENCES account_identities (identity_id) ON DELETE SET NULL;
-- When the person has proved the account. Null: nobody knows, because the provider may have remembered an older sign-in.
ALTER TABLE sessions ADD COLUMN proven_at timestamptz;
UPDATE sessions SET proven_at = created_at WHERE method <> 'openid';
UPDATE sessions s
SET identity_id = i.identity_id
FROM account_identities i
WHERE s.method = 'openid' AND i.account_id = s.account_id
  AND NOT EXISTS (SELECT FROM account_identities o WHERE o.account_id = i.account_id AND o.identity_id <> i.identity_id);
DELETE FROM sessions WHERE method = 'openid' AND identity_id IS NULL;
CREATE INDEX sessions_by_identity ON sessions (identity_id) WHERE identity_id IS NOT NULL;

---------------------------------------------------------------------------------------------------------
-- Sessions.

CREATE OR REPLACE FUNCTION look_up_session(wanted_hash bytea) RETURNS json
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT json_build_object(
    'sessionId', s.session_id, 'method', s.method, 'createdAt', s.created_at, 'lastUsedAt', s.last_used_at,
    'identityId', s.identity_id, 'provenAt', s.proven_at,
    'accountId', a.account_id, 'email', a.email, 'emailFolded', a.email_folded, 'name', a.name,
    'hasPassword', a.password_hash IS NOT NULL, 'passkeyRequired', a.passkey_required,
    'organisations', coalesce((
      SELECT json_agg(json_build_object('tenantId', o.tenant_id, 'slug', o.slug, 'name', o.name,
                                        'timeZone', coalesce(o.unknown_time_zone, o.time_zone), 'role', r.role)
                      ORDER BY o.name, o.slug)
      FROM account_roles r JOIN organisations o ON o.tenant_id = r.tenant_id
      WHERE r.account_id = a.account_id AND r.accepted_at IS NOT NULL
        AND (r.identity_id IS NULL OR r.identity_id = s.identity_id)), '[]'))
  FROM sessions s JOIN accounts a ON a.account_id = s.account_id
  WHERE s.token_hash = wanted_hash AND a.disabled_at IS NULL;
END;

CREATE OR REPLACE FUNCTION sessions_of_account(wanted_account uuid) RETURNS SETOF sessions
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT * FROM sessions WHERE account_id = wanted_account ORDER BY created_at DESC, session_id;
END;

-- `made` has sessionId, tokenHash (as bytea's text), method, at, address, userAgent and network; provenAt, and identityId for a
-- session that began with an identity.
CREATE OR REPLACE FUNCTION insert_session(of_account uuid, made json) RETURNS void
  LANGUAGE sql SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  INSERT INTO sessions (session_id, token_hash, account_id, method, created_at, last_used_at, address, user_agent, identity_id,
                        proven_at)
  VALUES ((made->>'sessionId')::uuid, (made->>'tokenHash')::bytea, of_account, made->>'method', (made->>'at')::timestamptz,
          (made->>'at')::timestamptz, made->>'address', made->>'userAgent', (made->>'identityId')::uuid,
          (made->>'provenAt')::timestamptz);
  INSERT INTO sign_in_networks (account_id, network, signed_in_at)
  VALUES (of_account, made->>'network', (made->>'at')::timestamptz)
  ON CONFLICT (account_id, network) DO UPDATE SET signed_in_at = greatest(sign_in_networks.signed_in_at, excluded.signed_in_at);
END;

-- Locks the account of a session. Returns false if the session has ended: what it asks for must not outlive what ended it.
CREATE FUNCTION lock_session(of_account uuid, wanted_session uuid) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = of_account AND disabled_at IS NULL FOR UPDATE;
  RETURN FOUND AND EXISTS (SELECT FROM sessions WHERE session_id = wanted_session AND account_id = of_account);
END $$;

-- Takes a counted attempt back that was no failure, and no success either: the password is right, and a passkey is still missing.
CREATE FUNCTION take_back_sign_in(attempt json) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  UPDATE sign_in_failures SET failures = greatest(failures - 1, 0)
  WHERE counter_id IN (SELECT value::bytea FROM json_array_elements_text(attempt->'counters'));
END $$;

-- Uses a link up, and starts a session. Of two calls at a time, one wins. Returns false if the link cannot be redeemed now, or if
-- the account's password is not the one that `open_sign_in_link` returned.
-- A link for another password starts over: the account keeps only the way to sign in by which the link is redeemed, the new
-- password or the identity of `made`. Otherwise what somebody else has connected would outlive it, and the owner would not notice
-- a foreign redemption.
-- An accepted invitation ends sessions and links, too: an administrator elsewhere may have made them while the account belonged
-- to that organisation alone.
CREATE OR REPLACE FUNCTION redeem_sign_in_link(wanted_hash bytea, at timestamptz, seen_hash text, belonged boolean, new_hash text,
                                               new_name text, made json, attempt json, replaced bytea) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  link sign_in_links;
  starts_over boolean;
BEGIN
  SELECT * INTO link FROM sign_in_links WHERE token_hash = wanted_hash;
  PERFORM FROM accounts a
  WHERE a.account_id = link.account_id AND a.disabled_at IS NULL AND a.password_hash IS NOT DISTINCT FROM seen_hash FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF belonged <> EXISTS (SELECT FROM account_roles r WHERE r.account_id = link.account_id AND r.accepted_at IS NOT NULL) THEN
    RETURN false;
  END IF;
  UPDATE sign_in_links SET used_at = at
  WHERE token_hash = wanted_hash AND used_at IS NULL AND expires_at > at;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF attempt IS NOT NULL THEN
    PERFORM settle_sign_in(attempt);
  END IF;
  starts_over := link.kind = 'reset';
  IF starts_over THEN
    PERFORM forget_sign_in_methods(link.account_id, (made->>'identityId')::uuid);
  END IF;
  UPDATE accounts
  SET name = coalesce(new_name, name),
      password_hash = CASE WHEN starts_over THEN new_hash ELSE coalesce(new_hash, password_hash) END,
      password_changed_at = CASE WHEN starts_over OR new_hash IS NOT NULL THEN at ELSE password_changed_at END
  WHERE account_id = link.account_id;
  IF link.kind = 'invitation' THEN
    UPDATE account_roles SET accepted_at = coalesce(accepted_at, at)
    WHERE account_id = link.account_id AND tenant_id = link.tenant_id AND identity_id IS NULL;
  END IF;
  IF new_hash IS NOT NULL OR link.kind IN ('invitation', 'reset') THEN
    DELETE FROM sessions WHERE account_id = link.account_id;
    DELETE FROM sign_in_links
    WHERE account_id = link.account_id AND kind IN ('link', 'reset') AND used_at IS NULL AND token_hash <> wanted_hash;
  END IF;
  DELETE FROM sessions WHERE token_hash = replaced;
  PERFORM insert_session(link.account_id, made);
  RETURN true;
END $$;

-- As before. Returns false for a session of an identity that was disconnected meanwhile, too.
CREATE OR REPLACE FUNCTION begin_proven_session(of_account uuid, made json, attempt json, replaced bytea) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  of_identity uuid := (made->>'identityId')::uuid;
BEGIN
  PERFORM FROM accounts WHERE account_id = of_account AND disabled_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF of_identity IS NOT NULL
     AND NOT EXISTS (SELECT FROM account_identities WHERE identity_id = of_identity AND account_id = of_account) THEN
    RETURN false;
  END IF;
  IF attempt IS NOT NULL THEN
    PERFORM settle_sign_in(attempt);
  END IF;
  DELETE FROM sessions WHERE token_hash = replaced;
  PERFORM insert_session(of_account, made);
  RETURN true;
END $$;

---------------------------------------------------------------------------------------------------------
-- Identities and passkeys.

-- Removes the passkeys of an account, and all identities but one. Only functions that have locked the account call it.
CREATE FUNCTION forget_sign_in_methods(of_account uuid, kept_identity uuid) RETURNS json
  LANGUAGE plpgsql SET search_path = rollcall, pg_temp AS $$
DECLARE
  identities integer;
  removed_passkeys integer;
BEGIN
  DELETE FROM account_identities WHERE account_id = of_account AND identity_id IS DISTINCT FROM kept_identity;
  GET DIAGNOSTICS identities = ROW_COUNT;
  DELETE FROM passkeys WHERE account_id = of_account;
  GET DIAGNOSTICS removed_passkeys = ROW_COUNT;
  UPDATE accounts SET passkey_required = false WHERE account_id = of_account;
  RETURN json_build_object('identities', identities, 'passkeys', removed_passkeys);
END $$;

CREATE FUNCTION identities_of_account(of_account uuid) RETURNS SETOF account_identities
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT * FROM account_identities WHERE account_id = of_account ORDER BY linked_at, identity_id;
END;

-- Notes the use of a known identity. Returns its accountId and identityId, or null for an unknown one.
CREATE FUNCTION use_identity(of_issuer text, of_subject text, new_email text, at timestamptz) RETURNS json
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  used account_identities;
BEGIN
  -- Always the account before its identities, so that no two transactions wait for each other.
  PERFORM FROM accounts WHERE account_id = account_of_identity(of_issuer, of_subject) FOR UPDATE;
  UPDATE account_identities SET email = new_email, last_used_at = at
  WHERE issuer = of_issuer AND subject = of_subject RETURNING * INTO used;
  RETURN CASE WHEN used.identity_id IS NOT NULL THEN
    json_build_object('accountId', used.account_id, 'identityId', used.identity_id) END;
END $$;

-- Links an identity to an account, at most `most`. Returns `identityId`; a `refusal`, `other account` or `too many`, otherwise.
DROP FUNCTION link_identity(text, text, uuid, timestamptz);
CREATE FUNCTION link_identity(new_identity uuid, of_issuer text, of_subject text, of_account uuid, new_email text, at timestamptz,
                              most integer) RETURNS json
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  linked account_identities;
BEGIN
  PERFORM FROM accounts WHERE account_id = of_account FOR UPDATE;
  SELECT * INTO linked FROM account_identities WHERE issuer = of_issuer AND subject = of_subject;
  IF linked.identity_id IS NULL AND (SELECT count(*) FROM account_identities WHERE account_id = of_account) >= most THEN
    RETURN json_build_object('refusal', 'too many');
  END IF;
  INSERT INTO account_identities AS i (identity_id, issuer, subject, account_id, email, linked_at, last_used_at)
  VALUES (new_identity, of_issuer, of_subject, of_account, new_email, at, at)
  ON CONFLICT (issuer, subject) DO UPDATE SET email = excluded.email, last_used_at = excluded.last_used_at
    WHERE i.account_id = excluded.account_id
  RETURNING * INTO linked;
  IF NOT FOUND THEN
    RETURN json_build_object('refusal', 'other account');
  END IF;
  RETURN json_build_object('identityId', linked.identity_id);
END $$;

-- Links an identity to the account with this address, because the operator trusts the addresses of the provider. If the account
-- has accepted no role yet, this accepts its invitations. Returns accountId and identityId, or null if there is no account.
DROP FUNCTION link_identity_by_email(text, text, text, timestamptz);
CREATE FUNCTION link_identity_by_email(new_identity uuid, of_issuer text, of_subject text, new_email text, wanted_folded text,
                                       at timestamptz, most integer) RETURNS json
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  found_account uuid;
  linked uuid;
BEGIN
  SELECT account_id INTO found_account FROM accounts
  WHERE email_folded = wanted_folded AND disabled_at IS NULL FOR UPDATE;
  IF found_account IS NULL THEN
    RETURN NULL;
  END IF;
  linked := (link_identity(new_identity, of_issuer, of_subject, found_account, new_email, at, most)->>'identityId')::uuid;
  IF linked IS NULL THEN
    RETURN NULL;
  END IF;
  UPDATE account_roles SET accepted_at = at
  WHERE account_id = found_account
    AND NOT EXISTS (SELECT FROM account_roles r WHERE r.account_id = found_account AND r.accepted_at IS NOT NULL);
  RETURN json_build_object('accountId', found_account, 'identityId', linked);
END $$;

-- Creates an account for an identity. Returns false if the address has an account.
DROP FUNCTION create_account_of_identity(uuid, text, text, text, text, text, timestamptz);
CREATE FUNCTION create_account_of_identity(new_account uuid, new_email text, new_folded text, new_name text, new_identity uuid,
                                           of_issuer text, of_subject text, at timestamptz) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  INSERT INTO accounts (account_id, email, email_folded, name, created_at)
  VALUES (new_account, new_email, new_folded, new_name, at) ON CONFLICT (email_folded) DO NOTHING;
  RETURN FOUND AND link_identity(new_identity, of_issuer, of_subject, new_account, new_email, at, 1)->>'identityId' IS NOT NULL;
END $$;

-- Whether the account could not sign in any more without this identity or this passkey. An identity counts if its issuer is
-- `usable_issuer`, the provider of the server, with or without a slash at its end; null: there is none.
CREATE FUNCTION is_last_way(of_account uuid, without_identity uuid, without_passkey bytea, usable_issuer text) RETURNS boolean
  LANGUAGE sql STABLE SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT NOT EXISTS (SELECT FROM accounts WHERE account_id = of_account AND password_hash IS NOT NULL)
     AND NOT EXISTS (SELECT FROM passkeys WHERE account_id = of_account AND credential_id IS DISTINCT FROM without_passkey)
     AND NOT EXISTS (SELECT FROM account_identities
                     WHERE account_id = of_account AND identity_id IS DISTINCT FROM without_identity
                       AND rtrim(issuer, '/') = rtrim(usable_issuer, '/'));
END;

-- Disconnects an identity, and ends all sessions that began with it, except `kept_session`. Returns `unknown`, `last way`, `last
-- role` (no accepted role would be left), `last administrator` or `done`.
CREATE FUNCTION remove_identity(of_account uuid, wanted uuid, kept_session uuid, usable_issuer text) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  removed account_identities;
  held record;
BEGIN
  PERFORM FROM accounts WHERE account_id = of_account FOR UPDATE;
  SELECT * INTO removed FROM account_identities WHERE identity_id = wanted AND account_id = of_account;
  IF removed.identity_id IS NULL THEN
    RETURN 'unknown';
  END IF;
  IF rtrim(removed.issuer, '/') = rtrim(usable_issuer, '/') AND is_last_way(of_account, wanted, NULL, usable_issuer) THEN
    RETURN 'last way';
  END IF;
  FOR held IN SELECT tenant_id, role FROM account_roles WHERE identity_id = wanted ORDER BY tenant_id LOOP
    IF held.role = 'administrator' AND NOT has_administrator_besides(held.tenant_id, of_account, wanted) THEN
      RETURN 'last administrator';
    END IF;
  END LOOP;
  IF EXISTS (SELECT FROM account_roles WHERE identity_id = wanted)
     AND NOT EXISTS (SELECT FROM account_roles
                     WHERE account_id = of_account AND accepted_at IS NOT NULL AND identity_id IS DISTINCT FROM wanted) THEN
    RETURN 'last role';
  END IF;
  DELETE FROM sessions WHERE identity_id = wanted AND session_id <> kept_session;
  DELETE FROM account_identities WHERE identity_id = wanted;
  RETURN 'done';
END $$;

-- Returns `unknown`, `required` (the account requires a passkey and has no other), `last way` or `done`.
DROP FUNCTION remove_passkey(uuid, bytea);
CREATE FUNCTION remove_passkey(of_account uuid, credential bytea, usable_issuer text) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = of_account FOR UPDATE;
  IF NOT EXISTS (SELECT FROM passkeys WHERE credential_id = credential AND account_id = of_account) THEN
    RETURN 'unknown';
  END IF;
  IF requires_passkey(of_account)
     AND NOT EXISTS (SELECT FROM passkeys WHERE account_id = of_account AND credential_id <> credential) THEN
    RETURN 'required';
  END IF;
  IF is_last_way(of_account, NULL, credential, usable_issuer) THEN
    RETURN 'last way';
  END IF;
  DELETE FROM passkeys WHERE credential_id = credential;
  RETURN 'done';
END $$;

---------------------------------------------------------------------------------------------------------
-- Roles of claims.

-- Whether an organisation has an administrator besides this account, or besides what this identity gives it. Locks the roles, as
-- `has_other_administrator` does.
DROP FUNCTION has_administrator_besides(uuid, uuid);
CREATE FUNCTION has_administrator_besides(in_tenant uuid, than_account uuid, than_identity uuid) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM account_roles WHERE tenant_id = in_tenant ORDER BY account_id, identity_id FOR UPDATE;
  RETURN EXISTS (
    SELECT FROM account_roles r JOIN accounts a ON a.account_id = r.account_id
    WHERE r.tenant_id = in_tenant AND r.role = 'administrator' AND r.accepted_at IS NOT NULL AND a.disabled_at IS NULL
      AND (r.account_id <> than_account OR r.identity_id IS DISTINCT FROM than_identity));
END $$;

CREATE OR REPLACE FUNCTION has_other_administrator(than_account uuid) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM account_roles WHERE tenant_id = current_tenant_id() ORDER BY account_id, identity_id FOR UPDATE;
  RETURN EXISTS (
    SELECT FROM account_roles r JOIN accounts a ON a.account_id = r.account_id
    WHERE r.tenant_id = current_tenant_id() AND r.account_id <> than_account AND r.role = 'administrator'
      AND r.accepted_at IS NOT NULL AND a.disabled_at IS NULL);
END $$;

-- Gives an account the roles of the claim of one of its identities, an object of slugs and roles, and takes away what an earlier
-- claim of this identity gave. Roles that the account has accepted by an invitation stay as they are; a claim takes the place of
-- an open invitation. The last administrator of an organisation stays one. An account without any role is deleted. Sessions end
-- that have no accepted role.
-- Returns `kept`, the slugs of organisations whose last administrator it is, and `roles`, the number of roles that count in the
-- sessions of this identity.
DROP FUNCTION apply_claimed_roles(uuid, json, timestamptz);
CREATE FUNCTION apply_claimed_roles(of_account uuid, of_identity uuid, claimed json, at timestamptz) RETURNS json
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
    LEFT JOIN account_roles r ON r.tenant_id = o.tenant_id AND r.account_id = of_account AND r.identity_id = of_identity
    LEFT JOIN json_each_text(claimed) c ON c.key = o.slug
    WHERE r.role IS NOT NULL
       OR c.value IS NOT NULL
          AND NOT EXISTS (SELECT FROM account_roles i
                          WHERE i.tenant_id = o.tenant_id AND i.account_id = of_account AND i.identity_id IS NULL
                            AND i.accepted_at IS NOT NULL)
    ORDER BY o.tenant_id
  LOOP
    IF held.role = 'administrator' AND held.claimed_role IS DISTINCT FROM 'administrator'
       AND NOT has_administrator_besides(held.tenant_id, of_account, of_identity) THEN
      kept := kept || held.slug;
    ELSIF held.claimed_role IS NULL THEN
      DELETE FROM account_roles WHERE account_id = of_account AND tenant_id = held.tenant_id AND identity_id = of_identity;
    ELSE
      DELETE FROM account_roles WHERE account_id = of_account AND tenant_id = held.tenant_id AND identity_id IS NULL;
      INSERT INTO account_roles (account_id, tenant_id, role, invited_at, accepted_at, identity_id)
      VALUES (of_account, held.tenant_id, held.claimed_role, at, at, of_identity)
      ON CONFLICT (account_id, tenant_id, identity_id) DO UPDATE SET role = excluded.role;
    END IF;
  END LOOP;
  SELECT count(*) INTO accepted FROM account_roles
  WHERE account_id = of_account AND accepted_at IS NOT NULL AND (identity_id IS NULL OR identity_id = of_identity);
  IF accepted = 0 THEN
    DELETE FROM sessions s
    WHERE s.account_id = of_account
      AND (s.identity_id = of_identity
           OR NOT EXISTS (SELECT FROM account_roles r WHERE r.account_id = of_account AND r.accepted_at IS NOT NULL));
    DELETE FROM accounts a
    WHERE a.account_id = of_account AND NOT EXISTS (SELECT FROM account_roles r WHERE r.account_id = a.account_id);
  END IF;
  RETURN json_build_object('kept', kept, 'roles', accepted);
END $$;

---------------------------------------------------------------------------------------------------------
-- The accounts of the organisation that the transaction has entered.

-- Each account once, with the mightiest of its roles, by folded address. Null leaves a condition out: `wanted_account`,
-- `wanted_folded` (an address), `words` (each is a part of the name or the address), `after_folded` (the address before the
-- page), `most` (the rows of the page).
DROP FUNCTION organisation_accounts();
CREATE FUNCTION organisation_accounts(wanted_account uuid, wanted_folded text, words text[], after_folded text, most integer)
  RETURNS TABLE (account_id uuid, email text, email_folded text, name text, role text, from_claim boolean,
                 invited_at timestamptz, accepted_at timestamptz, disabled_at timestamptz, is_last_administrator boolean,
                 has_password boolean, passkey_required boolean, passkeys integer, identities integer)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  WITH belonging AS (
    SELECT DISTINCT ON (r.account_id) r.account_id, r.role, r.identity_id, r.invited_at, r.accepted_at
    FROM account_roles r
    WHERE r.tenant_id = current_tenant_id() AND (wanted_account IS NULL OR r.account_id = wanted_account)
    ORDER BY r.account_id, array_position(ARRAY['administrator', 'integrations', 'planner', 'viewer'], r.role)
  ),
  page AS (
    SELECT b.*, a.email, a.email_folded, a.name, a.disabled_at, a.password_hash IS NOT NULL AS has_password, a.passkey_required
    FROM belonging b JOIN accounts a ON a.account_id = b.account_id
    WHERE (wanted_folded IS NULL OR a.email_folded = wanted_folded)
      AND (after_folded IS NULL OR a.email_folded > after_folded)
      -- Before the person accepts, the organisation sees no more than it wrote itself.
      AND NOT EXISTS (
        SELECT FROM unnest(words) AS word
        WHERE strpos(a.email_folded, word) = 0
          AND strpos(CASE WHEN b.accepted_at IS NULL THEN '' ELSE lower(normalize(coalesce(a.name, ''))) END,
                     lower(normalize(word))) = 0)
    ORDER BY a.email_folded LIMIT most
  )
  SELECT p.account_id, p.email, p.email_folded, CASE WHEN p.accepted_at IS NOT NULL THEN p.name END, p.role,
         p.identity_id IS NOT NULL, p.invited_at, p.accepted_at,
         CASE WHEN p.accepted_at IS NOT NULL THEN p.disabled_at END,
         p.role = 'administrator' AND p.accepted_at IS NOT NULL AND p.disabled_at IS NULL
           AND NOT EXISTS (SELECT FROM account_roles r JOIN accounts a ON a.account_id = r.account_id
                           WHERE r.tenant_id = current_tenant_id() AND r.account_id <> p.account_id
                             AND r.role = 'administrator' AND r.accepted_at IS NOT NULL AND a.disabled_at IS NULL),
         CASE WHEN p.accepted_at IS NOT NULL THEN p.has_password END,
         CASE WHEN p.accepted_at IS NOT NULL THEN p.passkey_required END,
         CASE WHEN p.accepted_at IS NOT NULL THEN
           (SELECT count(*)::integer FROM passkeys k WHERE k.account_id = p.account_id) END,
         CASE WHEN p.accepted_at IS NOT NULL THEN
           (SELECT count(*)::integer FROM account_identities i WHERE i.account_id = p.account_id) END
  FROM page p ORDER BY p.email_folded;
END;

ALTER TABLE account_roles DROP COLUMN from_claim;
ALTER TABLE account_roles DROP CONSTRAINT account_roles_pkey;
ALTER TABLE account_roles ADD CONSTRAINT account_roles_key UNIQUE NULLS NOT DISTINCT (account_id, tenant_id, identity_id);
ALTER TABLE account_roles ADD CONSTRAINT account_roles_identity
  FOREIGN KEY (identity_id, account_id) REFERENCES account_identities (identity_id, account_id) ON DELETE CASCADE;
CREATE INDEX account_roles_by_identity ON account_roles (identity_id) WHERE identity_id IS NOT NULL;
-- A claim needs no acceptance.
ALTER TABLE account_roles ADD CONSTRAINT account_roles_claimed CHECK (identity_id IS NULL OR accepted_at IS NOT NULL);

-- As before, for an account that has a role of a claim already, too: it gets no invitation.
CREATE OR REPLACE FUNCTION invite_account(new_account uuid, new_email text, new_folded text, new_name text, new_role text,
                                          at timestamptz, link_hash bytea, link_expires_at timestamptz) RETURNS uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  invited uuid;
BEGIN
  INSERT INTO accounts (account_id, email, email_folded, name, created_at)
  VALUES (new_account, new_email, new_folded, new_name, at) ON CONFLICT (email_folded) DO NOTHING;
  SELECT account_id INTO invited FROM accounts WHERE email_folded = new_folded FOR UPDATE;
  IF EXISTS (SELECT FROM account_roles WHERE account_id = invited AND tenant_id = current_tenant_id()) THEN
    RETURN NULL;
  END IF;
  INSERT INTO account_roles (account_id, tenant_id, role, invited_at)
  VALUES (invited, current_tenant_id(), new_role, at);
  INSERT INTO sign_in_links (token_hash, account_id, kind, tenant_id, expires_at)
  VALUES (link_hash, invited, 'invitation', current_tenant_id(), link_expires_at);
  RETURN invited;
END $$;

-- As before. Roles of claims are not changed here, but taken away: returns `claimed` for another role.
CREATE OR REPLACE FUNCTION change_account_role(wanted_account uuid, new_role text) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  has_other boolean;
  is_claimed boolean;
  is_administrator boolean;
BEGIN
  -- Always the account before roles, so that no two transactions wait for each other.
  PERFORM FROM accounts WHERE account_id = wanted_account FOR UPDATE;
  has_other := has_other_administrator(wanted_account);
  SELECT bool_or(identity_id IS NOT NULL), bool_or(role = 'administrator' AND accepted_at IS NOT NULL)
  INTO is_claimed, is_administrator
  FROM account_roles WHERE account_id = wanted_account AND tenant_id = current_tenant_id();
  IF is_claimed IS NULL THEN
    RETURN 'unknown';
  END IF;
  IF is_claimed AND new_role IS NOT NULL THEN
    RETURN 'claimed';
  END IF;
  IF is_administrator AND new_role IS DISTINCT FROM 'administrator' AND NOT has_other THEN
    RETURN 'last administrator';
  END IF;
  IF new_role IS NOT NULL THEN
    UPDATE account_roles SET role = new_role WHERE account_id = wanted_account AND tenant_id = current_tenant_id();
    RETURN 'done';
  END IF;
  DELETE FROM account_roles WHERE account_id = wanted_account AND tenant_id = current_tenant_id();
  DELETE FROM sign_in_links
  WHERE account_id = wanted_account AND kind = 'invitation' AND tenant_id = current_tenant_id();
  DELETE FROM accounts a
  WHERE a.account_id = wanted_account AND NOT EXISTS (SELECT FROM account_roles r WHERE r.account_id = a.account_id);
  -- Without an accepted role, there is nothing to be signed in to.
  DELETE FROM sessions s
  WHERE s.account_id = wanted_account
    AND NOT EXISTS (SELECT FROM account_roles r WHERE r.account_id = s.account_id AND r.accepted_at IS NOT NULL);
  RETURN 'done';
END $$;
