-- Up Migration

---------------------------------------------------------------------------------------------------------
-- A pseudonym is a row of users to which the rows of a person of one calendar year move, so that statistics stay right when
-- the name goes. It has the primary group and the office, and nothing that names anybody. No look-up by a name finds it,
-- because it has none; no search, because it has no text to search; no list of an identity provider, because it is deleted.
ALTER TABLE user_searches ALTER search_text DROP NOT NULL;
ALTER TABLE users
  ALTER search_text DROP NOT NULL,
  ALTER user_name DROP NOT NULL,
  ALTER user_name_folded DROP NOT NULL,
  -- The year of the days of its rows. Null: a user.
  ADD pseudonym_year smallint,
  ADD CONSTRAINT users_pseudonym_check CHECK (CASE WHEN pseudonym_year IS NULL
    THEN user_name IS NOT NULL AND user_name_folded IS NOT NULL
    ELSE num_nonnulls(user_name, user_name_folded, email, email_folded, first_name, last_name, external_id, display_name) = 0
      AND attributes = '{}' AND status = 'inactive' AND deprovisioned AND NOT onboarded END);

-- The pseudonyms of people whose rows moved. Cursors need it: they tell the old key of a row that has a pseudonym now. The job
-- prune deletes it with the changes of attendance. Then nothing in the database leads from a pseudonym to the person.
-- No foreign keys: the user may be gone.
CREATE TABLE replaced_users (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  year smallint NOT NULL,
  pseudonym_id uuid NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, user_id, year)
);
CREATE UNIQUE INDEX replaced_users_by_pseudonym ON replaced_users (tenant_id, pseudonym_id);
-- A row stays as long as rows still move by it: each transaction that moves some stamps it.
CREATE TRIGGER stamp BEFORE UPDATE ON replaced_users FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();

-- Users who are gone. Cursors tell their keys. The job prune deletes it, too.
CREATE TABLE gone_users (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, user_id)
);

-- Cursors that have not seen this transaction may miss keys that were pruned.
CREATE TABLE replacement_marks (
  tenant_id uuid PRIMARY KEY,
  pruned_xid xid8 NOT NULL
);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['replaced_users', 'gone_users', 'replacement_marks'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = (SELECT current_tenant_id()))', table_name);
  END LOOP;
END $$;

---------------------------------------------------------------------------------------------------------
-- A booking may become that of a pseudonym: the node and the day stay, and so what was checked and counted.
DROP TRIGGER unmoved ON bookings;
CREATE TRIGGER unmoved BEFORE UPDATE OF tenant_id, day, location_id, node_id, node_kind, zone_id ON bookings
  FOR EACH ROW EXECUTE FUNCTION refuse_moved_booking();
CREATE TRIGGER note_replaced AFTER UPDATE OF user_id ON day_plans FOR EACH ROW
  WHEN (OLD.user_id <> NEW.user_id) EXECUTE FUNCTION note_gone_plan();

---------------------------------------------------------------------------------------------------------
-- The people who were erased or are to be, for the job that erases them, and so that a restored backup brings nobody back. A
-- finished erasure says no more of the person than a digest of the id.
CREATE TABLE erasures (
  tenant_id uuid NOT NULL REFERENCES organisations,
  -- SHA-256 of the ids of the organisation and the user.
  subject_digest bytea NOT NULL CHECK (length(subject_digest) = 32),
  -- Null once it is finished.
  user_id uuid,
  -- What names the person in texts, folded; the user, the account and the audit trail may not say it any more. Null once it is
  -- finished.
  names text[],
  requested_at timestamptz NOT NULL,
  -- The id of the key or account.
  requested_by text NOT NULL,
  finished_at timestamptz,
  -- How many rows were deleted or changed, by category.
  rows jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, subject_digest),
  CHECK ((finished_at IS NULL) = (user_id IS NOT NULL) AND (finished_at IS NULL) = (names IS NOT NULL))
);
CREATE UNIQUE INDEX erasures_by_user ON erasures (tenant_id, user_id) WHERE user_id IS NOT NULL;
ALTER TABLE erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON erasures USING (tenant_id = (SELECT current_tenant_id()));

-- Records that a user is to be erased. The role that serves requests can neither end an erasure nor change one.
CREATE FUNCTION request_erasure(wanted_user uuid, at timestamptz, wanted_by text, wanted_names text[], erased_rows jsonb)
  RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  INSERT INTO erasures (tenant_id, subject_digest, user_id, names, requested_at, requested_by, rows)
  VALUES (current_tenant_id(), sha256(convert_to(current_tenant_id() || ' ' || wanted_user, 'UTF8')), wanted_user,
          wanted_names, at, wanted_by, erased_rows)
  ON CONFLICT (tenant_id, subject_digest) DO UPDATE SET user_id = excluded.user_id, names = excluded.names,
    requested_at = excluded.requested_at, requested_by = excluded.requested_by, rows = excluded.rows, finished_at = NULL;
END;

-- Takes the name, the address and the company from arrivals of visitors on some local days: those with one of the addresses, or
-- with the name. Texts are folded. Returns their number. The only way to change an arrival for the role that serves requests,
-- apart from its day.
CREATE FUNCTION erase_visits(wanted_emails text[], wanted_name text, from_day date, before_day date) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  erased integer;
BEGIN
  UPDATE visitor_arrivals SET visitor_name = 'Erased visitor', visitor_email = NULL, visitor_company = NULL,
    event_digest = gen_random_uuid(), written_xid = pg_current_xact_id()
  WHERE tenant_id = current_tenant_id() AND day >= from_day AND day < before_day
    AND (lower(normalize(visitor_email)) = ANY (wanted_emails) OR lower(normalize(visitor_name)) = wanted_name);
  GET DIAGNOSTICS erased = ROW_COUNT;
  RETURN erased;
END $$;
