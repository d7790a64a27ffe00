-- Up Migration

---------------------------------------------------------------------------------------------------------
-- How long each kind of data is kept. A kind without a row has its default, which the code knows.
CREATE TABLE retention_settings (
  tenant_id uuid NOT NULL REFERENCES organisations,
  kind text NOT NULL,
  -- An ISO 8601 duration of whole months or days. Null: without limit.
  kept text CHECK (kept ~ '^P[1-9][0-9]{0,4}[MD]$'),
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, kind)
);

-- An update of the server removes nothing by itself: organisations that exist keep all of it until somebody decides. Refused
-- events had their limit before.
INSERT INTO retention_settings (tenant_id, kind)
SELECT o.tenant_id, k.kind FROM organisations o
CROSS JOIN unnest(ARRAY['attendance', 'occupancy', 'visitors', 'leave', 'sickLeave', 'actionLog', 'accessCards', 'weekPlans'])
  AS k (kind);

CREATE TRIGGER stamp BEFORE UPDATE ON retention_settings FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();

-- The days of a dataset whose rows were removed, and the transaction that removed the last of them. A cursor that has not seen
-- it tells the day. Days without rows are in it, too, between removed ones. It means nothing in another database, and backups
-- do not carry it.
CREATE TABLE removed_days (
  tenant_id uuid NOT NULL,
  dataset text NOT NULL,
  day date NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, dataset, day)
);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['retention_settings', 'removed_days'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = current_tenant_id())', table_name);
  END LOOP;
END $$;

---------------------------------------------------------------------------------------------------------
-- Removed days are told as ranges, so the removal of their rows notes no row. It sets rollcall.retention in its transaction.
CREATE OR REPLACE FUNCTION note_gone_plan() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('rollcall.retention', true) = 'on' THEN
    RETURN NULL;
  END IF;
  INSERT INTO attendance_changes (tenant_id, location_id, day, user_id)
  VALUES (OLD.tenant_id, OLD.location_id, OLD.day, OLD.user_id);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION note_redated_presence() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('rollcall.retention', true) = 'on' THEN
    RETURN NULL;
  END IF;
  INSERT INTO attendance_changes (tenant_id, location_id, day, user_id)
  SELECT DISTINCT tenant_id, location_id, day, user_id FROM old_rows;
  RETURN NULL;
END $$;

---------------------------------------------------------------------------------------------------------
-- Which entries of the action log say that a leave was sick leave. An entry leaves the index with its type.
CREATE INDEX action_log_of_sick_leave ON action_log (tenant_id, day)
  WHERE reason IN ('Leave scheduled (sick)', 'Leave cancelled (sick)');
