-- Up Migration

-- How full or whether in use a place was observed to be. event_digest stands for sourceId, eventId, node, instant
-- and both values; no foreign keys, as on presence_events.
CREATE TABLE occupancy_events (
  tenant_id uuid NOT NULL,
  observed_at timestamptz NOT NULL,
  event_digest uuid NOT NULL,
  -- The local day of the office at observed_at.
  day date NOT NULL,
  location_id uuid NOT NULL,
  node_id uuid NOT NULL,
  occupied boolean NOT NULL,
  occupancy double precision CHECK (occupancy >= 0 AND occupancy < 'Infinity'),
  event_id text NOT NULL,
  source_id text NOT NULL,
  received_at timestamptz NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, observed_at, event_digest)
);
CREATE INDEX occupancy_events_by_day ON occupancy_events (tenant_id, day, location_id);
CREATE INDEX occupancy_events_by_received_at ON occupancy_events USING brin (received_at) WITH (autosummarize = on);

-- event_digest stands for sourceId, eventId, node, instant and visitorName; no foreign keys, as on presence_events.
CREATE TABLE visitor_arrivals (
  tenant_id uuid NOT NULL,
  observed_at timestamptz NOT NULL,
  event_digest uuid NOT NULL,
  -- The local day of the office at observed_at.
  day date NOT NULL,
  location_id uuid NOT NULL,
  node_id uuid NOT NULL,
  visitor_name text NOT NULL CHECK (visitor_name <> ''),
  visitor_email text,
  visitor_company text,
  host_user_id uuid,
  event_id text NOT NULL,
  source_id text NOT NULL,
  received_at timestamptz NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, observed_at, event_digest)
);
CREATE INDEX visitor_arrivals_by_day ON visitor_arrivals (tenant_id, day, location_id);
CREATE INDEX visitor_arrivals_by_received_at ON visitor_arrivals USING brin (received_at) WITH (autosummarize = on);

-- The cards of people. A card is one (facility_code, card_number), and one person's. Its texts may have 1,024
-- characters each, more than an index row holds: digests of them, made by the application, are what is looked up.
-- user_id carries no foreign key: users are never deleted, and the key's check would lock users in the order of
-- the cards, against that of an import.
CREATE TABLE access_credentials (
  tenant_id uuid NOT NULL REFERENCES organisations,
  -- Of facility_code and card_number.
  card_digest uuid NOT NULL,
  card_number_digest uuid NOT NULL,
  -- '' where the card has none.
  facility_code text NOT NULL DEFAULT '',
  card_number text NOT NULL CHECK (card_number <> ''),
  user_id uuid NOT NULL,
  active boolean NOT NULL,
  credential_type text NOT NULL,
  updated_at timestamptz NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, card_digest)
);
CREATE INDEX access_credentials_by_card_number ON access_credentials (tenant_id, card_number_digest);
CREATE TRIGGER stamp BEFORE UPDATE ON access_credentials FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();

-- What readers send when they see a card. A table of its own rather than an array: array overlap is not
-- leakproof, and would lose its index under a policy.
CREATE TABLE access_credential_scans (
  tenant_id uuid NOT NULL,
  -- Of scan_data.
  scan_digest uuid NOT NULL,
  card_digest uuid NOT NULL,
  scan_data text NOT NULL CHECK (scan_data <> ''),
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, scan_digest, card_digest),
  FOREIGN KEY (tenant_id, card_digest) REFERENCES access_credentials
);
CREATE INDEX access_credential_scans_by_card ON access_credential_scans (tenant_id, card_digest);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['occupancy_events', 'visitor_arrivals', 'access_credentials', 'access_credential_scans'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = current_tenant_id())', table_name);
  END LOOP;
END $$;
