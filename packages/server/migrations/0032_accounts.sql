-- Up Migration

---------------------------------------------------------------------------------------------------------
-- People who sign in. Accounts and sessions are known before an organisation is known, as keys are. So these tables have
-- no row-level security. The role for requests reaches them through the functions below only.

CREATE TABLE accounts (
  account_id uuid PRIMARY KEY,
  email text NOT NULL CHECK (char_length(email) BETWEEN 3 AND 320),
  email_folded text NOT NULL UNIQUE,
  name text,
  -- argon2id, in PHC format. Null: the account has no password.
  password_hash text,
  password_changed_at timestamptz,
  created_at timestamptz NOT NULL,
  disabled_at timestamptz
);

-- The role of an account in an organisation. It counts from accepted_at on.
CREATE TABLE account_roles (
  account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
  tenant_id uuid NOT NULL REFERENCES organisations,
  role text NOT NULL CHECK (role IN ('administrator', 'integrations', 'planner', 'viewer')),
  invited_at timestamptz NOT NULL,
  accepted_at timestamptz,
  PRIMARY KEY (account_id, tenant_id)
);
CREATE INDEX account_roles_by_organisation ON account_roles (tenant_id);

-- Backups have none of the tables from here on.
CREATE TABLE sessions (
  session_id uuid PRIMARY KEY,
  -- SHA-256 of the token in the cookie.
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
  method text NOT NULL CHECK (method IN ('password', 'link')),
  created_at timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  address text NOT NULL,
  user_agent text
);
CREATE INDEX sessions_by_account ON sessions (account_id);

CREATE TABLE sign_in_links (
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('link', 'invitation', 'reset')),
  -- The organisation of an invitation.
  tenant_id uuid REFERENCES organisations,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CHECK ((tenant_id IS NOT NULL) = (kind = 'invitation'))
);
CREATE INDEX sign_in_links_by_account ON sign_in_links (account_id);

-- The networks from which an account has signed in.
CREATE TABLE sign_in_networks (
  account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
  network text NOT NULL,
  signed_in_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, network)
);

-- Failed sign-ins, counted by a digest of account and network, of account, or of network.
CREATE TABLE sign_in_failures (
  counter_id bytea PRIMARY KEY,
  failures integer NOT NULL,
  last_failed_at timestamptz NOT NULL
);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_failed_at);

---------------------------------------------------------------------------------------------------------
-- Sessions.

-- A session with its account and organisations; nothing if the account is disabled. The caller judges the times.
CREATE FUNCTION look_up_session(wanted_hash bytea) RETURNS json
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT json_build_object(
    'sessionId', s.session_id, 'method', s.method, 'createdAt', s.created_at, 'lastUsedAt', s.last_used_at,
    'accountId', a.account_id, 'email', a.email, 'emailFolded', a.email_folded, 'name', a.name,
    'organisations', coalesce((
      SELECT json_agg(json_build_object('tenantId', o.tenant_id, 'slug', o.slug, 'name', o.name,
                                        'timeZone', coalesce(o.unknown_time_zone, o.time_zone), 'role', r.role)
                      ORDER BY o.name, o.slug)
      FROM account_roles r JOIN organisations o ON o.tenant_id = r.tenant_id
      WHERE r.account_id = a.account_id AND r.accepted_at IS NOT NULL), '[]'))
  FROM sessions s JOIN accounts a ON a.account_id = s.account_id
  WHERE s.token_hash = wanted_hash AND a.disabled_at IS NULL;
END;

CREATE FUNCTION touch_session(wanted_session uuid, at timestamptz) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  UPDATE sessions SET last_used_at = greatest(last_used_at, at) WHERE session_id = wanted_session;
END;

CREATE FUNCTION sessions_of_account(wanted_account uuid) RETURNS SETOF sessions
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT * FROM sessions WHERE account_id = wanted_account ORDER BY created_at DESC, session_id;
END;

-- Ends one session of an account, or all of them. Returns how many it ended.
CREATE FUNCTION end_sessions(wanted_account uuid, wanted_session uuid) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  ended integer;
BEGIN
  DELETE FROM sessions
  WHERE account_id = wanted_account AND (wanted_session IS NULL OR session_id = wanted_session);
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;

-- Deletes what no request can use any more: sessions created before `created_before` or last used before `used_before`, links
-- that expired before `now`, networks of sign-ins before `seen_before`, and failures before `failed_before`.
CREATE FUNCTION prune_sign_ins(created_before timestamptz, used_before timestamptz, now timestamptz, seen_before timestamptz,
                               failed_before timestamptz) RETURNS integer
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
  DELETE FROM sign_in_networks WHERE signed_in_at <= seen_before;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  pruned := pruned + deleted;
  DELETE FROM sign_in_failures WHERE last_failed_at <= failed_before;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN pruned + deleted;
END $$;

---------------------------------------------------------------------------------------------------------
-- Signing in.

-- The account with this address, and whether this network must wait. Unless it must wait, the attempt counts as a failure until
-- `settle_sign_in`, so that attempts at the same time count each other. An unknown address takes the same steps.
-- `rules` has `pair`, `account` and `network`, each with `free` (failures without a wait) and `longestS`; `forgetS`, after which
-- failures do not count; and `knownS`, for which an account knows a network. A network that the account knows waits for its own
-- failures only.
CREATE FUNCTION begin_sign_in(wanted_folded text, from_network text, at timestamptz, rules json) RETURNS json
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  account accounts;
  is_known boolean;
  scopes text[];
  scope text;
  subject text;
  counter bytea;
  counters bytea[] := '{}';
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
    over := CASE WHEN counted.last_failed_at <= forgotten_before THEN 0 ELSE counted.failures END
            - (rules->scope->>'free')::integer;
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
    'attempt', json_build_object('isKnown', is_known, 'counters', to_json(counters)),
    'account', CASE WHEN account.account_id IS NOT NULL THEN
      json_build_object('accountId', account.account_id, 'passwordHash', account.password_hash,
                        'isDisabled', account.disabled_at IS NOT NULL) END);
END $$;

-- Takes a counted attempt back, because it succeeded. A network that the account knows starts at zero.
CREATE FUNCTION settle_sign_in(attempt json) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  UPDATE sign_in_failures
  SET failures = CASE WHEN (attempt->>'isKnown')::boolean THEN 0 ELSE greatest(failures - 1, 0) END
  WHERE counter_id IN (SELECT value::bytea FROM json_array_elements_text(attempt->'counters'));
END $$;

-- Stores a session. Only the functions below call it, after they have locked the account.
-- `made` has sessionId, tokenHash (as bytea's text), method, at, address, userAgent and network.
CREATE FUNCTION insert_session(of_account uuid, made json) RETURNS void
  LANGUAGE sql SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  INSERT INTO sessions (session_id, token_hash, account_id, method, created_at, last_used_at, address, user_agent)
  VALUES ((made->>'sessionId')::uuid, (made->>'tokenHash')::bytea, of_account, made->>'method', (made->>'at')::timestamptz,
          (made->>'at')::timestamptz, made->>'address', made->>'userAgent');
  INSERT INTO sign_in_networks (account_id, network, signed_in_at)
  VALUES (of_account, made->>'network', (made->>'at')::timestamptz)
  ON CONFLICT (account_id, network) DO UPDATE SET signed_in_at = greatest(sign_in_networks.signed_in_at, excluded.signed_in_at);
END;

-- Starts a session for a password that was just verified. Returns false if the password or the account has changed since.
-- The session with the hash `replaced` ends, because a browser has one session.
CREATE FUNCTION begin_session(of_account uuid, verified_hash text, made json, attempt json, replaced bytea) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = of_account AND password_hash = verified_hash AND disabled_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM settle_sign_in(attempt);
  DELETE FROM sessions WHERE token_hash = replaced;
  PERFORM insert_session(of_account, made);
  RETURN true;
END $$;

-- Stores a new password in place of the verified one, and gives the session a new token. All other sessions and all links that
-- set a password end. Returns false if the session has ended, or the password has changed since.
CREATE FUNCTION change_password(of_account uuid, verified_hash text, new_hash text, at timestamptz, kept_session uuid,
                                new_token_hash bytea, attempt json) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = of_account AND password_hash = verified_hash AND disabled_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE sessions SET token_hash = new_token_hash WHERE session_id = kept_session AND account_id = of_account;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM settle_sign_in(attempt);
  UPDATE accounts SET password_hash = new_hash, password_changed_at = at WHERE account_id = of_account;
  DELETE FROM sessions WHERE account_id = of_account AND session_id <> kept_session;
  DELETE FROM sign_in_links WHERE account_id = of_account AND kind IN ('link', 'reset') AND used_at IS NULL;
  RETURN true;
END $$;

---------------------------------------------------------------------------------------------------------
-- One-time links.

-- A link that can be redeemed now, with what its account has; nothing otherwise.
CREATE FUNCTION open_sign_in_link(wanted_hash bytea, at timestamptz) RETURNS json
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT json_build_object(
    'kind', l.kind, 'accountId', a.account_id, 'email', a.email, 'emailFolded', a.email_folded,
    'passwordHash', a.password_hash,
    'belongsSomewhere', EXISTS (SELECT FROM account_roles r
                                WHERE r.account_id = a.account_id AND r.accepted_at IS NOT NULL))
  FROM sign_in_links l JOIN accounts a ON a.account_id = l.account_id
  WHERE l.token_hash = wanted_hash AND l.used_at IS NULL AND l.expires_at > at AND a.disabled_at IS NULL;
END;

-- Uses a link up, and starts a session. Of two calls at a time, one wins. Returns false if the link cannot be redeemed now, or if
-- the account's password is not the one that `open_sign_in_link` returned.
-- A new password ends all sessions and all links that set a password. An accepted invitation ends them, too: an administrator
-- elsewhere may have made them while the account belonged to that organisation alone.
CREATE FUNCTION redeem_sign_in_link(wanted_hash bytea, at timestamptz, seen_hash text, belonged boolean, new_hash text,
                                    new_name text, made json, attempt json, replaced bytea) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  link sign_in_links;
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
  UPDATE accounts
  SET name = coalesce(new_name, name), password_hash = coalesce(new_hash, password_hash),
      password_changed_at = CASE WHEN new_hash IS NULL THEN password_changed_at ELSE at END
  WHERE account_id = link.account_id;
  IF link.kind = 'invitation' THEN
    UPDATE account_roles SET accepted_at = coalesce(accepted_at, at)
    WHERE account_id = link.account_id AND tenant_id = link.tenant_id;
  END IF;
  IF new_hash IS NOT NULL OR link.kind = 'invitation' THEN
    DELETE FROM sessions WHERE account_id = link.account_id;
    DELETE FROM sign_in_links
    WHERE account_id = link.account_id AND kind IN ('link', 'reset') AND used_at IS NULL AND token_hash <> wanted_hash;
  END IF;
  DELETE FROM sessions WHERE token_hash = replaced;
  PERFORM insert_session(link.account_id, made);
  RETURN true;
END $$;

---------------------------------------------------------------------------------------------------------
-- The accounts of the organisation that the transaction has entered.

CREATE FUNCTION organisation_accounts() RETURNS TABLE (
    account_id uuid, email text, name text, role text, invited_at timestamptz, accepted_at timestamptz, disabled_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  -- Before the person accepts, the organisation sees no more than it wrote itself.
  SELECT a.account_id, a.email, CASE WHEN r.accepted_at IS NOT NULL THEN a.name END, r.role, r.invited_at, r.accepted_at,
         CASE WHEN r.accepted_at IS NOT NULL THEN a.disabled_at END
  FROM account_roles r JOIN accounts a ON a.account_id = r.account_id
  WHERE r.tenant_id = current_tenant_id()
  ORDER BY a.email_folded;
END;

-- Invites an address, and stores the link. Creates the account if there is none; `new_account` is its id then. Returns the id of
-- the account, or null if the account has a role in the organisation already.
CREATE FUNCTION invite_account(new_account uuid, new_email text, new_folded text, new_name text, new_role text, at timestamptz,
                               link_hash bytea, link_expires_at timestamptz) RETURNS uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  invited uuid;
BEGIN
  INSERT INTO accounts (account_id, email, email_folded, name, created_at)
  VALUES (new_account, new_email, new_folded, new_name, at) ON CONFLICT (email_folded) DO NOTHING;
  SELECT account_id INTO invited FROM accounts WHERE email_folded = new_folded FOR UPDATE;
  INSERT INTO account_roles (account_id, tenant_id, role, invited_at)
  VALUES (invited, current_tenant_id(), new_role, at) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  INSERT INTO sign_in_links (token_hash, account_id, kind, tenant_id, expires_at)
  VALUES (link_hash, invited, 'invitation', current_tenant_id(), link_expires_at);
  RETURN invited;
END $$;

-- Locks an account of the organisation and says how it belongs: `unknown`, `invited`, `alone` (to this organisation only) or
-- `shared` (to others, too).
CREATE FUNCTION lock_account(wanted_account uuid) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  accepted boolean;
BEGIN
  PERFORM FROM accounts WHERE account_id = wanted_account FOR UPDATE;
  SELECT accepted_at IS NOT NULL INTO accepted FROM account_roles
  WHERE account_id = wanted_account AND tenant_id = current_tenant_id();
  RETURN CASE
    WHEN accepted IS NULL THEN 'unknown'
    WHEN NOT accepted THEN 'invited'
    WHEN EXISTS (SELECT FROM account_roles WHERE account_id = wanted_account AND tenant_id <> current_tenant_id()
                   AND accepted_at IS NOT NULL) THEN 'shared'
    ELSE 'alone' END;
END $$;

-- Stores a new invitation or a link for another password, in place of earlier ones. Returns what `lock_account` returns. Stores
-- nothing for an account that is unknown or shared.
CREATE FUNCTION renew_account_link(wanted_account uuid, link_hash bytea, invited_until timestamptz, reset_until timestamptz)
  RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  belongs text := lock_account(wanted_account);
BEGIN
  IF belongs = 'invited' THEN
    DELETE FROM sign_in_links
    WHERE account_id = wanted_account AND kind = 'invitation' AND tenant_id = current_tenant_id() AND used_at IS NULL;
    INSERT INTO sign_in_links (token_hash, account_id, kind, tenant_id, expires_at)
    VALUES (link_hash, wanted_account, 'invitation', current_tenant_id(), invited_until);
  ELSIF belongs = 'alone' THEN
    DELETE FROM sign_in_links WHERE account_id = wanted_account AND kind = 'reset' AND used_at IS NULL;
    INSERT INTO sign_in_links (token_hash, account_id, kind, expires_at)
    VALUES (link_hash, wanted_account, 'reset', reset_until);
  END IF;
  RETURN belongs;
END $$;

-- Whether the organisation has an administrator besides this account. Locks the roles of all of them, so that two
-- administrators cannot demote each other at the same time.
CREATE FUNCTION has_other_administrator(than_account uuid) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM account_roles WHERE tenant_id = current_tenant_id() ORDER BY account_id FOR UPDATE;
  RETURN EXISTS (
    SELECT FROM account_roles r JOIN accounts a ON a.account_id = r.account_id
    WHERE r.tenant_id = current_tenant_id() AND r.account_id <> than_account AND r.role = 'administrator'
      AND r.accepted_at IS NOT NULL AND a.disabled_at IS NULL);
END $$;

-- Gives an account another role in the organisation, or with null takes its role away. Returns `unknown`, `last administrator` or
-- `done`. An account without any role is deleted, with its sessions.
CREATE FUNCTION change_account_role(wanted_account uuid, new_role text) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  held account_roles;
  has_other boolean;
BEGIN
  -- Always the account before roles, so that no two transactions wait for each other.
  PERFORM FROM accounts WHERE account_id = wanted_account FOR UPDATE;
  has_other := has_other_administrator(wanted_account);
  SELECT * INTO held FROM account_roles WHERE account_id = wanted_account AND tenant_id = current_tenant_id();
  IF held.account_id IS NULL THEN
    RETURN 'unknown';
  END IF;
  IF held.role = 'administrator' AND held.accepted_at IS NOT NULL AND new_role IS DISTINCT FROM 'administrator'
     AND NOT has_other THEN
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
