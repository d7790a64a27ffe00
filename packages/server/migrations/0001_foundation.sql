-- Up Migration

-- The organisation of the current transaction. No organisation set means no rows, not an error: once a
-- transaction-local setting ends, a pooled connection holds '' rather than null.
CREATE FUNCTION current_tenant_id() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('rollcall.tenant_id', true), '')::uuid;

-- Keeps written_xid true on updates; inserts have it from the column's default.
CREATE FUNCTION stamp_written_xid() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  NEW.written_xid := pg_current_xact_id();
  RETURN NEW;
END $$;

---------------------------------------------------------------------------------------------------------
-- Known before any organisation is: reached through the functions at the end of this file only.

CREATE TABLE organisations (
  tenant_id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text NOT NULL,
  time_zone text NOT NULL,
  -- The secrets of a demo organisation's keys may be shown again; nobody else's may.
  is_demo boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL
);

CREATE TABLE api_key_index (
  api_key_folded text PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES organisations
);

CREATE TABLE signing_keys (
  kid text PRIMARY KEY,
  algorithm text NOT NULL,
  public_jwk jsonb NOT NULL,
  private_key_sealed bytea NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE instance_settings (
  name text PRIMARY KEY,
  value bytea NOT NULL
);

---------------------------------------------------------------------------------------------------------
-- Organisations' data.

CREATE TABLE api_keys (
  tenant_id uuid NOT NULL REFERENCES organisations,
  api_key_folded text NOT NULL,
  -- As given at creation, and so echoed; 128 characters at most.
  api_key text NOT NULL CHECK (char_length(api_key) BETWEEN 1 AND 128),
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('submitting-events', 'visitor-only', 'data-warehouse', 'all')),
  authentication text NOT NULL CHECK (authentication IN ('hmac', 'basic')),
  secret_sealed bytea NOT NULL,
  previous_secret_sealed bytea,
  previous_secret_expires_at timestamptz,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  PRIMARY KEY (tenant_id, api_key_folded),
  CHECK ((previous_secret_sealed IS NULL) = (previous_secret_expires_at IS NULL))
);

-- Every replica forgets what it remembers of a key as soon as the key changes.
CREATE FUNCTION announce_api_key() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('rollcall_changes', json_build_object('apiKey', NEW.api_key_folded)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT
  OR UPDATE OF role, authentication, secret_sealed, previous_secret_sealed, previous_secret_expires_at, expires_at, revoked_at
  ON api_keys FOR EACH ROW EXECUTE FUNCTION announce_api_key();

-- The tree: location (office) > level > zone > place (desk); space hangs on a level. Nodes are retired, never deleted.
CREATE TABLE nodes (
  tenant_id uuid NOT NULL REFERENCES organisations,
  node_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('location', 'level', 'zone', 'place', 'space')),
  parent_id uuid,
  parent_kind text GENERATED ALWAYS AS (
    CASE kind WHEN 'level' THEN 'location' WHEN 'zone' THEN 'level' WHEN 'place' THEN 'zone' WHEN 'space' THEN 'level' END
  ) STORED,
  name text NOT NULL,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
  address text CHECK (address IS NULL OR kind = 'location'),
  time_zone text CHECK ((time_zone IS NOT NULL) = (kind = 'location')),
  space_type text CHECK (space_type IS NULL OR kind = 'space'),
  capacity integer CHECK (capacity IS NULL OR (kind = 'space' AND capacity >= 0)),
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, node_id),
  UNIQUE (tenant_id, node_id, kind),
  FOREIGN KEY (tenant_id, parent_id, parent_kind) REFERENCES nodes (tenant_id, node_id, kind),
  CHECK ((parent_id IS NULL) = (kind = 'location'))
);
CREATE INDEX nodes_by_parent ON nodes (tenant_id, parent_id, kind, name);
CREATE TRIGGER stamp BEFORE UPDATE ON nodes FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();

-- A node with the ids and names of everything above it.
CREATE VIEW node_paths WITH (security_invoker = true) AS
SELECT n.tenant_id, n.node_id, n.kind, n.status,
       -- A node of a retired office, level or zone is retired with it.
       'inactive' NOT IN (n.status, coalesce(z.status, 'active'), coalesce(l.status, 'active'), o.status) AS in_use,
       o.node_id AS location_id, o.name AS location_name, o.time_zone,
       l.node_id AS level_id, l.name AS level_name,
       z.node_id AS zone_id, z.name AS zone_name,
       CASE WHEN n.kind = 'place' THEN n.node_id END AS place_id,
       CASE WHEN n.kind = 'place' THEN n.name END AS place_name,
       CASE WHEN n.kind = 'space' THEN n.node_id END AS space_id,
       CASE WHEN n.kind = 'space' THEN n.name END AS space_name
FROM nodes n
LEFT JOIN nodes z ON z.tenant_id = n.tenant_id
  AND z.node_id = CASE n.kind WHEN 'zone' THEN n.node_id WHEN 'place' THEN n.parent_id END
LEFT JOIN nodes l ON l.tenant_id = n.tenant_id
  AND l.node_id = CASE n.kind WHEN 'level' THEN n.node_id WHEN 'zone' THEN n.parent_id WHEN 'space' THEN n.parent_id
                              WHEN 'place' THEN z.parent_id END
LEFT JOIN nodes o ON o.tenant_id = n.tenant_id
  AND o.node_id = CASE n.kind WHEN 'location' THEN n.node_id ELSE coalesce(l.parent_id, n.parent_id) END;

-- The folded names are folded by the application (see store/fold): a lower() in the query would not be
-- leakproof, and would lose its index under a policy. Users are deactivated, never deleted.
CREATE TABLE users (
  tenant_id uuid NOT NULL REFERENCES organisations,
  user_id uuid NOT NULL,
  user_name text NOT NULL,
  user_name_folded text NOT NULL,
  email text,
  email_folded text,
  first_name text,
  last_name text,
  onboarded boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
  primary_location_id uuid,
  primary_location_kind text GENERATED ALWAYS AS (CASE WHEN primary_location_id IS NOT NULL THEN 'location' END) STORED,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, user_id),
  FOREIGN KEY (tenant_id, primary_location_id, primary_location_kind) REFERENCES nodes (tenant_id, node_id, kind),
  CHECK ((email IS NULL) = (email_folded IS NULL))
);
CREATE UNIQUE INDEX users_by_user_name_folded ON users (tenant_id, user_name_folded);
CREATE INDEX users_by_user_name ON users (tenant_id, user_name);
CREATE UNIQUE INDEX users_by_email ON users (tenant_id, email) WHERE status = 'active';
CREATE INDEX users_by_email_folded ON users (tenant_id, email_folded);
CREATE TRIGGER stamp BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();

-- Presence, as it was observed. event_digest stands for the members that make two events the same
-- (sourceId, eventId, user, node, instant): the texts themselves can exceed what an index row holds.
-- user_id, node_id and location_id carry no foreign key: the one statement that writes here takes them from
-- look-ups in its own transaction, and neither users nor nodes are ever deleted.
CREATE TABLE presence_events (
  tenant_id uuid NOT NULL,
  observed_at timestamptz NOT NULL,
  event_digest uuid NOT NULL,
  -- The local day of the office at observed_at.
  day date NOT NULL,
  user_id uuid NOT NULL,
  location_id uuid NOT NULL,
  node_id uuid NOT NULL,
  event_id text NOT NULL,
  source_id text NOT NULL,
  source_user_id text,
  received_at timestamptz NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, observed_at, event_digest)
);
CREATE INDEX presence_events_by_day ON presence_events (tenant_id, day, user_id, location_id);
CREATE INDEX presence_events_by_received_at ON presence_events USING brin (received_at) WITH (autosummarize = on);

-- What was not stored, and why. result_code is null where the whole request was malformed.
CREATE TABLE refused_events (
  tenant_id uuid NOT NULL REFERENCES organisations,
  refused_at timestamptz NOT NULL,
  refusal_id uuid NOT NULL,
  api_key_folded text NOT NULL,
  endpoint text NOT NULL,
  source_id text,
  event_id text,
  result_code smallint,
  reason text NOT NULL,
  -- The event's JSON as text: jsonb refuses NUL and lone surrogates, the very things kept here.
  event text,
  PRIMARY KEY (tenant_id, refused_at, refusal_id)
);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['api_keys', 'nodes', 'users', 'presence_events', 'refused_events'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = current_tenant_id())', table_name);
  END LOOP;
END $$;

---------------------------------------------------------------------------------------------------------
-- The narrow ways to what is known before an organisation is. None of them reads an organisation's table.

CREATE FUNCTION tenant_of_api_key(wanted_folded text) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT tenant_id FROM api_key_index WHERE api_key_folded = wanted_folded;
END;

CREATE FUNCTION current_organisation() RETURNS SETOF organisations
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT * FROM organisations WHERE tenant_id = current_tenant_id();
END;

CREATE FUNCTION organisation_ids() RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT tenant_id FROM organisations;
END;

CREATE FUNCTION all_signing_keys() RETURNS SETOF signing_keys
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT * FROM signing_keys ORDER BY created_at DESC, kid;
END;
