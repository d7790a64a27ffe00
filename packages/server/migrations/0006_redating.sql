-- Up Migration

-- The last change of an office's time zone. Its events were given their days in the old one; the job "redate" gives
-- them those of the new one. finished_at is null until it has.
CREATE TABLE office_redatings (
  tenant_id uuid NOT NULL,
  location_id uuid NOT NULL,
  location_kind text GENERATED ALWAYS AS ('location') STORED,
  from_time_zone text NOT NULL,
  to_time_zone text NOT NULL,
  -- Null while a transaction may still write days of the old time zone.
  started_at timestamptz,
  finished_at timestamptz,
  events_total bigint NOT NULL DEFAULT 0,
  events_done bigint NOT NULL DEFAULT 0,
  -- The table that is next, and the last of its events that was looked at: the events of all offices, in the order of
  -- their key.
  next_table text NOT NULL DEFAULT 'presence_events'
    CHECK (next_table IN ('presence_events', 'occupancy_events', 'visitor_arrivals')),
  last_observed_at timestamptz NOT NULL DEFAULT '-infinity',
  last_event_digest uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, location_id),
  FOREIGN KEY (tenant_id, location_id, location_kind) REFERENCES nodes (tenant_id, node_id, kind),
  CHECK (finished_at IS NULL OR started_at IS NOT NULL)
);
CREATE TRIGGER stamp BEFORE UPDATE ON office_redatings FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();
ALTER TABLE office_redatings ENABLE ROW LEVEL SECURITY;
ALTER TABLE office_redatings FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON office_redatings USING (tenant_id = current_tenant_id());

-- Whoever changes a time zone asks for this, in the same transaction. A change while the last one is not finished
-- begins anew: some events have the days of the one, some of the other.
CREATE FUNCTION request_redating() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO office_redatings AS r (tenant_id, location_id, from_time_zone, to_time_zone)
  VALUES (NEW.tenant_id, NEW.node_id, OLD.time_zone, NEW.time_zone)
  ON CONFLICT (tenant_id, location_id) DO UPDATE
    SET from_time_zone = CASE WHEN r.finished_at IS NULL THEN r.from_time_zone ELSE excluded.from_time_zone END,
        to_time_zone = excluded.to_time_zone, started_at = NULL, finished_at = NULL, events_total = DEFAULT,
        events_done = DEFAULT, next_table = DEFAULT, last_observed_at = DEFAULT, last_event_digest = DEFAULT;
  RETURN NULL;
END $$;
CREATE TRIGGER redate AFTER UPDATE OF time_zone ON nodes FOR EACH ROW
  WHEN (OLD.time_zone <> NEW.time_zone) EXECUTE FUNCTION request_redating();
