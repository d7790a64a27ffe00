-- Up Migration

---------------------------------------------------------------------------------------------------------
-- Who has a role: the identity whose claim gave it, or the account itself.

ALTER TABLE account_roles ADD COLUMN holder_id uuid NOT NULL GENERATED ALWAYS AS (coalesce(identity_id, account_id)) STORED;
ALTER TABLE account_roles ADD PRIMARY KEY (account_id, tenant_id, holder_id);

-- As before, with the new key.
CREATE OR REPLACE FUNCTION apply_claimed_roles(of_account uuid, of_identity uuid, claimed json, at timestamptz) RETURNS json
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
      ON CONFLICT (account_id, tenant_id, holder_id) DO UPDATE SET role = excluded.role;
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

ALTER TABLE account_roles DROP CONSTRAINT account_roles_key;

-- As before. Sessions of an identity end, too, if no role is left that counts in them.
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
  -- Without an accepted role, there is nothing to be signed in to. The roles of another identity do not count in a session.
  DELETE FROM sessions s
  WHERE s.account_id = wanted_account
    AND NOT EXISTS (SELECT FROM account_roles r
                    WHERE r.account_id = s.account_id AND r.accepted_at IS NOT NULL
                      AND (s.identity_id IS NULL OR r.identity_id IS NULL OR r.identity_id = s.identity_id));
  RETURN 'done';
END $$;

-- The organisations whose last administrator the account would be no more without its identities, except `kept_identity`. Locks
-- their roles, as `has_other_administrator` does.
CREATE FUNCTION last_administrator_by_claim(of_account uuid, kept_identity uuid) RETURNS SETOF uuid
  LANGUAGE plpgsql SET search_path = rollcall, pg_temp AS $$
DECLARE
  in_tenant uuid;
BEGIN
  FOR in_tenant IN
    SELECT DISTINCT tenant_id FROM account_roles
    WHERE account_id = of_account AND role = 'administrator' AND identity_id IS NOT NULL
      AND identity_id IS DISTINCT FROM kept_identity
    ORDER BY tenant_id
  LOOP
    PERFORM FROM account_roles WHERE tenant_id = in_tenant ORDER BY account_id, identity_id FOR UPDATE;
    IF NOT EXISTS (
      SELECT FROM account_roles r JOIN accounts a ON a.account_id = r.account_id
      WHERE r.tenant_id = in_tenant AND r.role = 'administrator' AND r.accepted_at IS NOT NULL AND a.disabled_at IS NULL
        AND (r.account_id <> of_account OR r.identity_id IS NULL OR r.identity_id = kept_identity)
    ) THEN
      RETURN NEXT in_tenant;
    END IF;
  END LOOP;
END $$;

---------------------------------------------------------------------------------------------------------
-- Failed sign-ins.

-- As before. The attempt has, for each of its counters, the failures before it and the time of the last one.
CREATE OR REPLACE FUNCTION begin_sign_in(wanted_folded text, from_network text, at timestamptz, rules json) RETURNS json
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  account accounts;
  is_known boolean;
  scopes text[];
  scope text;
  subject text;
  counter bytea;
  counters bytea[] := '{}';
  seen jsonb := '[]';
  counted sign_in_failures;
  over integer;
  blocked_until timestamptz;
  waiting_until timestamptz := at;
  forgotten_before timestamptz := at - make_interval(secs => (rules->>'forgetS')::float8);
BEGIN
  SELECT * INTO account FROM accounts WHERE email_folded = wanted_folded;
  is_known := EXISTS (SELECT FROM sign_in_networks n
                      WHERE n.account_id = account.account_id AND n.network = from_network
                        AND n.signed_in_at > at - make_interval(secs => (rules->>'knownS')::float8));
  scopes := CASE WHEN is_known THEN ARRAY['pair'] ELSE ARRAY['account', 'network'] END;
  FOREACH scope IN ARRAY scopes LOOP
    subject := CASE scope WHEN 'pair' THEN from_network || ' ' || wanted_folded
                          WHEN 'account' THEN wanted_folded ELSE from_network END;
    counter := sha256(convert_to(scope || ' ' || subject, 'UTF8'));
    counters := counters || counter;
    INSERT INTO sign_in_failures (counter_id, failures, last_failed_at) VALUES (counter, 0, at) ON CONFLICT DO NOTHING;
    SELECT * INTO counted FROM sign_in_failures f WHERE f.counter_id = counter FOR UPDATE;
    IF counted.last_failed_at <= forgotten_before THEN
      counted.failures := 0;
    END IF;
    seen := seen || jsonb_build_object('counterId', counter, 'failures', counted.failures,
                                       'lastFailedAt', counted.last_failed_at);
    over := counted.failures - (rules->scope->>'free')::integer;
    IF over >= 0 THEN
      blocked_until := counted.last_failed_at
        + make_interval(secs => least(power(2, least(over, 30)), (rules->scope->>'longestS')::float8));
      waiting_until := greatest(waiting_until, blocked_until);
    END IF;
  END LOOP;
  IF waiting_until > at THEN
    RETURN json_build_object('retryAfterS', ceil(extract(epoch FROM waiting_until - at)));
  END IF;
  UPDATE sign_in_failures
  SET failures = CASE WHEN last_failed_at <= forgotten_before THEN 1 ELSE failures + 1 END,
      last_failed_at = greatest(last_failed_at, at)
  WHERE counter_id = ANY (counters);
  RETURN json_build_object(
    'attempt', json_build_object('isKnown', is_known, 'counters', seen),
    'account', CASE WHEN account.account_id IS NOT NULL THEN
      json_build_object('accountId', account.account_id, 'passwordHash', account.password_hash,
                        'isDisabled', account.disabled_at IS NOT NULL) END);
END $$;

-- Takes a counted attempt back that was no failure. The wait after the failures before it goes on as if it had not been. If other
-- attempts have been counted since, their time stays.
CREATE OR REPLACE FUNCTION take_back_sign_in(attempt json) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  counted record;
BEGIN
  -- In the order of `begin_sign_in`, so that no two transactions wait for each other.
  FOR counted IN
    SELECT c."counterId"::bytea AS counter_id, c.failures, c."lastFailedAt" AS last_failed_at
    FROM json_to_recordset(attempt->'counters') AS c ("counterId" text, failures integer, "lastFailedAt" timestamptz)
  LOOP
    UPDATE sign_in_failures f
    SET failures = greatest(f.failures - 1, 0),
        last_failed_at = CASE WHEN f.failures = counted.failures + 1 THEN counted.last_failed_at ELSE f.last_failed_at END
    WHERE f.counter_id = counted.counter_id;
  END LOOP;
END $$;

-- Takes a counted attempt back, because it succeeded. A network that the account knows starts at zero.
CREATE OR REPLACE FUNCTION settle_sign_in(attempt json) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM take_back_sign_in(attempt);
  IF (attempt->>'isKnown')::boolean THEN
    UPDATE sign_in_failures SET failures = 0
    WHERE counter_id IN (SELECT (value->>'counterId')::bytea FROM json_array_elements(attempt->'counters'));
  END IF;
END $$;

---------------------------------------------------------------------------------------------------------
-- Sessions and links.

-- As before. `made` has createdAt, too, for a session that goes on under another token. An identity that was disconnected
-- meanwhile is left out, as in the sessions that it leaves.
CREATE OR REPLACE FUNCTION insert_session(of_account uuid, made json) RETURNS void
  LANGUAGE sql SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  INSERT INTO sessions (session_id, token_hash, account_id, method, created_at, last_used_at, address, user_agent, identity_id,
                        proven_at)
  VALUES ((made->>'sessionId')::uuid, (made->>'tokenHash')::bytea, of_account, made->>'method',
          coalesce((made->>'createdAt')::timestamptz, (made->>'at')::timestamptz), (made->>'at')::timestamptz, made->>'address',
          made->>'userAgent',
          (SELECT i.identity_id FROM account_identities i
           WHERE i.identity_id = (made->>'identityId')::uuid AND i.account_id = of_account),
          (made->>'provenAt')::timestamptz);
  INSERT INTO sign_in_networks (account_id, network, signed_in_at)
  VALUES (of_account, made->>'network', (made->>'at')::timestamptz)
  ON CONFLICT (account_id, network) DO UPDATE SET signed_in_at = greatest(sign_in_networks.signed_in_at, excluded.signed_in_at);
END;

-- Takes all ways to sign in from an account, except one identity: the password, the other identities, the passkeys, the sessions
-- and the open links that sign in. Somebody else may have made them. Returns how many identities and passkeys it took. Only
-- functions that have locked the account call it.
CREATE FUNCTION start_over(of_account uuid, kept_identity uuid, at timestamptz) RETURNS json
  LANGUAGE plpgsql SET search_path = rollcall, pg_temp AS $$
DECLARE
  identities integer;
  removed_passkeys integer;
BEGIN
  DELETE FROM sessions WHERE account_id = of_account;
  DELETE FROM sign_in_links WHERE account_id = of_account AND kind IN ('link', 'reset') AND used_at IS NULL;
  DELETE FROM account_identities WHERE account_id = of_account AND identity_id IS DISTINCT FROM kept_identity;
  GET DIAGNOSTICS identities = ROW_COUNT;
  DELETE FROM passkeys WHERE account_id = of_account;
  GET DIAGNOSTICS removed_passkeys = ROW_COUNT;
  UPDATE accounts SET password_hash = NULL, password_changed_at = at, passkey_required = false WHERE account_id = of_account;
  RETURN json_build_object('identities', identities, 'passkeys', removed_passkeys);
END $$;

-- Uses a link up, and starts a session. Of two calls at a time, one wins. Returns `done`; `last administrator` if an organisation
-- would lose its last administrator with the identities of the account; `unknown` if the link cannot be redeemed now, or if the
-- account is not as `open_sign_in_link` returned it. It changes nothing unless it returns `done`.
-- A link for another password starts over: the account keeps only the way to sign in by which the link is redeemed, the new
-- password or the identity of `made`. Otherwise what somebody else has connected would outlive it, and the owner would not notice
-- a foreign redemption. So does an invitation of an account that has accepted no role: nobody has proved that the account belongs
-- to the owner of the address. An administrator may have redeemed an own invitation, and taken the role away again.
-- Any other accepted invitation ends sessions and links: an administrator elsewhere may have made them while the account belonged
-- to that organisation alone.
DROP FUNCTION redeem_sign_in_link(bytea, timestamptz, text, boolean, text, text, json, json, bytea);
CREATE FUNCTION redeem_sign_in_link(wanted_hash bytea, at timestamptz, seen_hash text, belonged boolean, new_hash text,
                                    new_name text, made json, attempt json, replaced bytea) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  link sign_in_links;
  starts_over boolean;
  of_identity uuid := (made->>'identityId')::uuid;
BEGIN
  SELECT * INTO link FROM sign_in_links WHERE token_hash = wanted_hash;
  PERFORM FROM accounts a
  WHERE a.account_id = link.account_id AND a.disabled_at IS NULL AND a.password_hash IS NOT DISTINCT FROM seen_hash FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 'unknown';
  END IF;
  IF belonged <> EXISTS (SELECT FROM account_roles r WHERE r.account_id = link.account_id AND r.accepted_at IS NOT NULL) THEN
    RETURN 'unknown';
  END IF;
  starts_over := link.kind = 'reset' OR (link.kind = 'invitation' AND NOT belonged);
  -- An account keeps a way to sign in.
  IF starts_over AND new_hash IS NULL AND of_identity IS NULL THEN
    RETURN 'unknown';
  END IF;
  -- The account was locked after the link was read.
  PERFORM FROM sign_in_links WHERE token_hash = wanted_hash AND used_at IS NULL AND expires_at > at;
  IF NOT FOUND THEN
    RETURN 'unknown';
  END IF;
  IF starts_over AND EXISTS (SELECT FROM last_administrator_by_claim(link.account_id, of_identity)) THEN
    RETURN 'last administrator';
  END IF;
  UPDATE sign_in_links SET used_at = at WHERE token_hash = wanted_hash;
  IF attempt IS NOT NULL THEN
    PERFORM settle_sign_in(attempt);
  END IF;
  IF starts_over THEN
    PERFORM start_over(link.account_id, of_identity, at);
  ELSIF link.kind = 'invitation' THEN
    DELETE FROM sessions WHERE account_id = link.account_id;
    DELETE FROM sign_in_links WHERE account_id = link.account_id AND kind IN ('link', 'reset') AND used_at IS NULL;
  END IF;
  UPDATE accounts
  SET name = coalesce(new_name, name), password_hash = coalesce(new_hash, password_hash),
      password_changed_at = CASE WHEN new_hash IS NULL THEN password_changed_at ELSE at END
  WHERE account_id = link.account_id;
  IF link.kind = 'invitation' THEN
    UPDATE account_roles SET accepted_at = coalesce(accepted_at, at)
    WHERE account_id = link.account_id AND tenant_id = link.tenant_id AND identity_id IS NULL;
  END IF;
  DELETE FROM sessions WHERE token_hash = replaced;
  PERFORM insert_session(link.account_id, made);
  RETURN 'done';
END $$;

---------------------------------------------------------------------------------------------------------
-- Identities and passkeys.

DROP FUNCTION forget_sign_in_methods(uuid, uuid);

-- Some providers write their issuer with a slash at the end.
CREATE FUNCTION is_same_issuer(one text, other text) RETURNS boolean
  LANGUAGE sql IMMUTABLE SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT rtrim(one, '/') = rtrim(other, '/');
END;

-- The identities of an account, the oldest first. `usable`: the issuer is `usable_issuer`, the provider of the server.
DROP FUNCTION identities_of_account(uuid);
CREATE FUNCTION identities_of_account(of_account uuid, usable_issuer text)
  RETURNS TABLE (identity_id uuid, issuer text, subject text, email text, linked_at timestamptz, last_used_at timestamptz,
                 usable boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT i.identity_id, i.issuer, i.subject, i.email, i.linked_at, i.last_used_at,
         coalesce(is_same_issuer(i.issuer, usable_issuer), false)
  FROM account_identities i WHERE i.account_id = of_account ORDER BY i.linked_at, i.identity_id;
END;

-- Whether the account could not sign in any more without this identity or this passkey. An identity counts if its issuer is
-- `usable_issuer`, the provider of the server; null: there is none.
CREATE OR REPLACE FUNCTION is_last_way(of_account uuid, without_identity uuid, without_passkey bytea, usable_issuer text)
  RETURNS boolean
  LANGUAGE sql STABLE SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT NOT EXISTS (SELECT FROM accounts WHERE account_id = of_account AND password_hash IS NOT NULL)
     AND NOT EXISTS (SELECT FROM passkeys WHERE account_id = of_account AND credential_id IS DISTINCT FROM without_passkey)
     AND NOT EXISTS (SELECT FROM account_identities
                     WHERE account_id = of_account AND identity_id IS DISTINCT FROM without_identity
                       AND is_same_issuer(issuer, usable_issuer));
END;

-- As before.
CREATE OR REPLACE FUNCTION remove_identity(of_account uuid, wanted uuid, kept_session uuid, usable_issuer text) RETURNS text
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
  IF is_same_issuer(removed.issuer, usable_issuer) AND is_last_way(of_account, wanted, NULL, usable_issuer) THEN
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

-- Links an identity to the account with this address, because the operator trusts the addresses of the provider. If the account
-- has accepted no role yet, nobody has proved that it belongs to the owner of the address: this starts over with the identity, and
-- accepts its invitations. Returns accountId and identityId; null, and changes nothing, if there is no account, or if it cannot get
-- the identity.
CREATE OR REPLACE FUNCTION link_identity_by_email(new_identity uuid, of_issuer text, of_subject text, new_email text,
                                                  wanted_folded text, at timestamptz, most integer) RETURNS json
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  found_account uuid;
  belongs boolean;
  linked uuid;
BEGIN
  SELECT account_id INTO found_account FROM accounts
  WHERE email_folded = wanted_folded AND disabled_at IS NULL FOR UPDATE;
  IF found_account IS NULL THEN
    RETURN NULL;
  END IF;
  belongs := EXISTS (SELECT FROM account_roles r WHERE r.account_id = found_account AND r.accepted_at IS NOT NULL);
  -- Without a limit: nobody keeps the owner of the address out by many identities, and the others go.
  linked := (link_identity(new_identity, of_issuer, of_subject, found_account, new_email, at,
                           CASE WHEN belongs THEN most END)->>'identityId')::uuid;
  IF linked IS NULL THEN
    RETURN NULL;
  END IF;
  IF NOT belongs THEN
    PERFORM start_over(found_account, linked, at);
    UPDATE account_roles SET accepted_at = at WHERE account_id = found_account;
  END IF;
  RETURN json_build_object('accountId', found_account, 'identityId', linked);
END $$;

-- As before. Always the account before its passkeys, so that no two transactions wait for each other.
CREATE OR REPLACE FUNCTION use_passkey(credential bytea, seen_count bigint, new_count bigint, is_backed_up boolean,
                                       at timestamptz) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = (SELECT account_id FROM passkeys WHERE credential_id = credential) FOR UPDATE;
  UPDATE passkeys SET sign_count = new_count, backed_up = is_backed_up, last_used_at = at
  WHERE credential_id = credential AND sign_count = seen_count;
  RETURN FOUND;
END $$;
