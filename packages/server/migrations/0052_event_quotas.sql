-- Up Migration

-- How many events of an organisation the server stores on a day of UTC. Null: as many as the server's setting says; 0: without a
-- quota. Only the operator changes it.
ALTER TABLE organisations ADD COLUMN daily_event_quota bigint CHECK (daily_event_quota >= 0);

-- As before; it knows the columns of its time.
CREATE OR REPLACE FUNCTION current_organisation() RETURNS SETOF organisations
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT * FROM organisations WHERE tenant_id = current_tenant_id();
END;

-- How many events of an organisation servers stored on a day of UTC. Servers add to it every few seconds.
CREATE TABLE event_days (
  tenant_id uuid NOT NULL REFERENCES organisations,
  day date NOT NULL,
  stored bigint NOT NULL,
  -- The highest part of the quota of which the log has warned on this day.
  warned_percent smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, day)
);

ALTER TABLE event_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_days FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON event_days USING (tenant_id = current_tenant_id());
