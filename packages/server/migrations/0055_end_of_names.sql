-- Up Migration

---------------------------------------------------------------------------------------------------------
-- Names end before rows do. The rows of a person then move to the person's pseudonym of the year, as those of an erased person.

-- An update of the server removes nothing by itself: names of organisations that exist have no limit until somebody decides.
ALTER TABLE retention_settings NO FORCE ROW LEVEL SECURITY;
INSERT INTO retention_settings (tenant_id, kind)
SELECT o.tenant_id, k.kind FROM organisations o CROSS JOIN unnest(ARRAY['names', 'visitorNames']) AS k (kind);
ALTER TABLE retention_settings FORCE ROW LEVEL SECURITY;

-- Up to where names have ended. It decides for whoever writes a row of the past, and so it is written before rows move.
CREATE TABLE ended_names (
  tenant_id uuid NOT NULL REFERENCES organisations,
  kind text NOT NULL CHECK (kind IN ('names', 'visitorNames')),
  -- Events of earlier local days are stored without a name. It only grows.
  before_day date NOT NULL,
  -- All rows of earlier days have moved. A writer of an earlier day sets it back. Null: none is known to have moved.
  done_before date,
  PRIMARY KEY (tenant_id, kind)
);

-- The digest of an event contains the person, so rows without a name have a digest of that digest and a random key of their year.
-- So an event that comes again is known. A year is closed when nothing may lead from its pseudonyms to people any more: its key
-- is gone then, and nobody can say of an event whether it is known.
CREATE TABLE pseudonym_keys (
  tenant_id uuid NOT NULL REFERENCES organisations,
  year smallint NOT NULL,
  digest_key bytea CHECK (length(digest_key) = 32),
  closed boolean NOT NULL DEFAULT false,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, year),
  CHECK (closed = (digest_key IS NULL))
);
-- A year stays open as long as rows still move to its pseudonyms: each transaction that moves some stamps it.
CREATE TRIGGER stamp BEFORE UPDATE ON pseudonym_keys FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['ended_names', 'pseudonym_keys'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = (SELECT current_tenant_id()))', table_name);
  END LOOP;
END $$;

---------------------------------------------------------------------------------------------------------
-- The pseudonyms of users for calendar years. Makes those that do not exist. All get the primary group and the office that the user
-- has now: a change of these alters all of the past, with and without the name. Both arrays have the same length.
CREATE FUNCTION take_pseudonyms(wanted_users uuid[], wanted_years smallint[])
  RETURNS TABLE (user_id uuid, year smallint, pseudonym_id uuid)
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  WITH taken AS (
    -- An update stamps a row that is there already.
    INSERT INTO replaced_users AS r (tenant_id, user_id, year, pseudonym_id)
    SELECT current_tenant_id(), w.user_id, w.year, gen_random_uuid()
    FROM (SELECT DISTINCT * FROM unnest(wanted_users, wanted_years) AS u (user_id, year)) AS w ORDER BY w.user_id, w.year
    ON CONFLICT (tenant_id, user_id, year) DO UPDATE SET year = excluded.year
    RETURNING r.user_id, r.year, r.pseudonym_id
  ), made AS (
    INSERT INTO users (tenant_id, user_id, pseudonym_year, status, deprovisioned, primary_location_id, primary_group_id)
    SELECT u.tenant_id, t.pseudonym_id, t.year, 'inactive', true, u.primary_location_id, u.primary_group_id
    FROM taken t JOIN users u ON u.tenant_id = current_tenant_id() AND u.user_id = t.user_id
    ON CONFLICT (tenant_id, user_id) DO UPDATE
      SET primary_location_id = excluded.primary_location_id, primary_group_id = excluded.primary_group_id
      WHERE (users.primary_location_id, users.primary_group_id)
        IS DISTINCT FROM (excluded.primary_location_id, excluded.primary_group_id)
  )
  SELECT t.user_id, t.year, t.pseudonym_id FROM taken t;
END;

-- Makes the keys of years that have none.
CREATE FUNCTION open_pseudonym_years(wanted_years smallint[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  INSERT INTO pseudonym_keys AS k (tenant_id, year, digest_key)
  SELECT current_tenant_id(), w.year, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
  FROM (SELECT DISTINCT y AS year FROM unnest(wanted_years) AS y) AS w
  -- Without this condition, those who write late events would wait for one another.
  WHERE NOT EXISTS (SELECT FROM pseudonym_keys o WHERE o.tenant_id = current_tenant_id() AND o.year = w.year AND NOT o.closed)
  ORDER BY w.year
  -- A server that does not know yet that a year is closed opens it again for a while.
  ON CONFLICT (tenant_id, year) DO UPDATE SET closed = false, digest_key = coalesce(k.digest_key, excluded.digest_key);
END;

-- Closes the years all of whose names have ended, and of which no cursor may ask for former keys any more.
CREATE FUNCTION close_pseudonym_years() RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  UPDATE pseudonym_keys k SET closed = true, digest_key = NULL
  WHERE k.tenant_id = current_tenant_id() AND NOT k.closed AND k.written_xid < (SELECT attendance_kept_from())
    AND NOT EXISTS (SELECT FROM ended_names e
                    WHERE e.tenant_id = k.tenant_id AND (e.done_before IS NULL OR e.done_before < make_date(k.year + 1, 1, 1)));
END;

-- The digest of a row without a name.
CREATE FUNCTION digest_without_name(digest uuid, digest_key bytea) RETURNS uuid
  LANGUAGE sql IMMUTABLE
  RETURN encode(substr(sha256(digest_key || uuid_send(digest)), 1, 16), 'hex')::uuid;

-- What is stored of events in place of their user and their digest, by their positions in the arrays, which have the same length.
-- Events of days with names are not in it. Users may be null. The digest is only another one if a name has ended: that of the
-- user, or that of the visitor (`has_visitors`).
CREATE FUNCTION stored_without_name(wanted_users uuid[], days date[], digests uuid[], has_visitors boolean)
  RETURNS TABLE ("position" bigint, pseudonym_id uuid, event_digest uuid, is_visitor_nameless boolean)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  names_before CONSTANT date := (SELECT before_day FROM ended_names WHERE tenant_id = current_tenant_id() AND kind = 'names');
  visitors_before CONSTANT date := (SELECT before_day FROM ended_names
                                    WHERE tenant_id = current_tenant_id() AND kind = 'visitorNames' AND has_visitors);
  late bigint[];
  late_years smallint[];
BEGIN
  SELECT array_agg(e.position), array_agg(extract(year FROM e.day)::smallint) INTO late, late_years
  FROM unnest(wanted_users, days) WITH ORDINALITY AS e (user_id, day, position)
  WHERE e.day < names_before AND e.user_id IS NOT NULL OR e.day < visitors_before;
  IF late IS NULL THEN
    RETURN;
  END IF;
  PERFORM open_pseudonym_years(late_years);
  RETURN QUERY
    WITH late_events AS MATERIALIZED (
      SELECT l.position, l.year, CASE WHEN days[l.position] < names_before THEN wanted_users[l.position] END AS user_id,
             digest_without_name(digests[l.position], k.digest_key) AS digest,
             coalesce(days[l.position] < visitors_before, false) AS nameless
      FROM unnest(late, late_years) AS l (position, year)
      JOIN pseudonym_keys k ON k.tenant_id = current_tenant_id() AND k.year = l.year
    ), known AS MATERIALIZED (
      SELECT DISTINCT r.user_id, r.year, r.pseudonym_id
      FROM late_events l JOIN replaced_users r
        ON r.tenant_id = current_tenant_id() AND r.user_id = l.user_id AND r.year = l.year
    ), missing AS MATERIALIZED (
      SELECT array_agg(l.user_id) AS users, array_agg(l.year) AS years FROM late_events l
      WHERE l.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM known k WHERE k.user_id = l.user_id AND k.year = l.year)
    ), taken AS MATERIALIZED (
      -- Those that are there are only read: to take them would wait for the job, which locks them while their rows move.
      SELECT k.user_id, k.year, k.pseudonym_id FROM known k
      UNION ALL SELECT m.user_id, m.year, m.pseudonym_id FROM missing, take_pseudonyms(missing.users, missing.years) AS m
    )
    SELECT l.position, t.pseudonym_id, CASE WHEN has_visitors AND NOT l.nameless THEN digests[l.position] ELSE l.digest END, l.nameless
    FROM late_events l LEFT JOIN taken t ON t.user_id = l.user_id AND t.year = l.year;
END $$;
