-- Up Migration

-- Events of an earlier release have no cause, and cannot be tried again. While a replica of that release still runs, it
-- inserts such rows.
ALTER TABLE refused_events
  -- Whether api_key_folded is a key's id or an account's e-mail address.
  ADD COLUMN sender text CHECK (sender IN ('key', 'account')),
  ADD COLUMN cause text,
  -- Why the event cannot be tried again.
  ADD COLUMN obstacle text,
  -- A request tries the event now. It has lost the event after this time, because its process may have ended.
  ADD COLUMN claimed_until timestamptz,
  -- The last try.
  ADD COLUMN tried_at timestamptz,
  ADD COLUMN tried_by text,
  ADD COLUMN mended boolean NOT NULL DEFAULT false;

---------------------------------------------------------------------------------------------------------
-- Sources. Rows of events could not answer this: only the newest refused events are kept, and rows have no index by source.

-- A sender of events, by endpoint. Requests of some endpoints name no source: their source_id is empty.
CREATE TABLE sources (
  tenant_id uuid NOT NULL REFERENCES organisations,
  endpoint text NOT NULL,
  source_id text NOT NULL,
  first_event_at timestamptz NOT NULL,
  last_event_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, endpoint, source_id)
);

-- How many events of a source the server accepted and refused in an hour of UTC. Servers add to it every few seconds.
CREATE TABLE source_hours (
  tenant_id uuid NOT NULL,
  endpoint text NOT NULL,
  source_id text NOT NULL,
  hour timestamptz NOT NULL,
  accepted bigint NOT NULL,
  refused bigint NOT NULL,
  PRIMARY KEY (tenant_id, endpoint, source_id, hour),
  FOREIGN KEY (tenant_id, endpoint, source_id) REFERENCES sources ON DELETE CASCADE
);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['sources', 'source_hours'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = current_tenant_id())', table_name);
  END LOOP;
END $$;

---------------------------------------------------------------------------------------------------------
-- Answered requests of the last day, without personal data: no path, no query, no body, and no person. Servers write them in
-- the background. Of many successes that are alike, they write a few and count the rest.
CREATE TABLE answered_requests (
  -- It refers to no table: a backup has no row of this one, and a restore replaces those that it has.
  tenant_id uuid NOT NULL,
  answered_at timestamptz NOT NULL,
  request_id uuid NOT NULL,
  method text NOT NULL,
  -- The pattern of the route, such as /v1/manage/users/:userId.
  route text NOT NULL,
  status smallint NOT NULL,
  -- The folded id of the key or of the SCIM token; null for a person.
  caller text,
  duration_ms real NOT NULL,
  request_bytes bigint,
  response_bytes bigint,
  correlation_id text NOT NULL,
  -- Further requests of the same seconds that are alike and have no row.
  further integer NOT NULL,
  PRIMARY KEY (tenant_id, answered_at, request_id)
);
ALTER TABLE answered_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE answered_requests FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON answered_requests USING (tenant_id = current_tenant_id());
