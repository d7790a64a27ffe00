-- Up Migration

---------------------------------------------------------------------------------------------------------
-- An office, or an organisation, in a time zone that this database does not know: of a backup from a machine that knows
-- more zones, or of one whose zones were renamed. One such zone made every statement fail that computes a local time in the
-- organisation. So time_zone is always one that the database knows. The zone that it does not know is kept beside it, with UTC in
-- its place, and such an office takes no part in what depends on local time.

ALTER TABLE nodes ADD COLUMN unknown_time_zone text CHECK (unknown_time_zone IS NULL OR kind = 'location');
ALTER TABLE organisations ADD COLUMN unknown_time_zone text;

-- Whether AT TIME ZONE takes this name. PostgreSQL reads other names with digits as zones of their own in POSIX notation.
CREATE FUNCTION is_time_zone(zone text) RETURNS boolean
  LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM now() AT TIME ZONE zone;
  RETURN zone !~ '[0-9]' OR EXISTS (SELECT FROM pg_timezone_names WHERE name = zone);
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN false;
END $$;

-- Whoever writes a row writes the zone that he was shown: the unknown one of an office that has one.
CREATE FUNCTION keep_known_time_zone() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  IF is_time_zone(NEW.time_zone) THEN
    NEW.unknown_time_zone := NULL;
  ELSE
    NEW.unknown_time_zone := NEW.time_zone;
    NEW.time_zone := 'UTC';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_known_time_zone BEFORE INSERT OR UPDATE OF time_zone ON nodes
  FOR EACH ROW WHEN (NEW.time_zone IS NOT NULL) EXECUTE FUNCTION keep_known_time_zone();
CREATE TRIGGER keep_known_time_zone BEFORE INSERT OR UPDATE OF time_zone ON organisations
  FOR EACH ROW EXECUTE FUNCTION keep_known_time_zone();

-- As before, but a zone that only has another name, or is not known, gives no event another day.
CREATE OR REPLACE FUNCTION request_redating() RETURNS trigger
  LANGUAGE plpgsql AS $$
DECLARE
  former text := coalesce(OLD.unknown_time_zone, OLD.time_zone);
BEGIN
  IF NEW.unknown_time_zone IS NOT NULL OR NEW.time_zone = former
      OR current_setting('rollcall.settles_time_zones', true) = 'on' THEN
    RETURN NULL;
  END IF;
  INSERT INTO office_redatings AS r (tenant_id, location_id, from_time_zone, to_time_zone)
  VALUES (NEW.tenant_id, NEW.node_id, former, NEW.time_zone)
  ON CONFLICT (tenant_id, location_id) DO UPDATE
    SET from_time_zone = CASE WHEN r.finished_at IS NULL THEN r.from_time_zone ELSE excluded.from_time_zone END,
        to_time_zone = excluded.to_time_zone, started_at = NULL, finished_at = NULL, events_total = DEFAULT,
        events_done = DEFAULT, next_table = DEFAULT, last_observed_at = DEFAULT, last_event_digest = DEFAULT;
  RETURN NULL;
END $$;
DROP TRIGGER redate ON nodes;
CREATE TRIGGER redate AFTER UPDATE OF time_zone ON nodes FOR EACH ROW
  WHEN (OLD.time_zone <> NEW.time_zone OR OLD.unknown_time_zone IS DISTINCT FROM NEW.unknown_time_zone)
  EXECUTE FUNCTION request_redating();

-- Looks at every time zone anew: the database may know other ones than it did, or these rows come from another one. Writes
-- only where something changes. The zones that are still not known.
CREATE FUNCTION settle_time_zones() RETURNS SETOF text
  LANGUAGE plpgsql SET search_path = rollcall, pg_temp AS $$
DECLARE
  tenant uuid;
BEGIN
  PERFORM set_config('rollcall.settles_time_zones', 'on', true);
  UPDATE organisations SET time_zone = coalesce(unknown_time_zone, time_zone)
  WHERE is_time_zone(coalesce(unknown_time_zone, time_zone)) <> (unknown_time_zone IS NULL);
  RETURN QUERY SELECT unknown_time_zone FROM organisations WHERE unknown_time_zone IS NOT NULL;
  FOR tenant IN SELECT tenant_id FROM organisations LOOP
    PERFORM set_config('rollcall.tenant_id', tenant::text, true);
    UPDATE nodes SET time_zone = z.zone
    FROM (SELECT DISTINCT coalesce(unknown_time_zone, time_zone) AS zone, unknown_time_zone IS NULL AS known
          FROM nodes WHERE tenant_id = tenant AND parent_id IS NULL) AS z
    WHERE tenant_id = tenant AND parent_id IS NULL AND coalesce(unknown_time_zone, time_zone) = z.zone
      AND (unknown_time_zone IS NULL) = z.known AND is_time_zone(z.zone) <> z.known;
    UPDATE office_redatings SET to_time_zone = n.time_zone
    FROM nodes n
    WHERE office_redatings.tenant_id = tenant AND finished_at IS NULL AND NOT is_time_zone(to_time_zone)
      AND n.tenant_id = tenant AND n.node_id = location_id AND n.unknown_time_zone IS NULL;
    RETURN QUERY SELECT DISTINCT unknown_time_zone FROM nodes
      WHERE tenant_id = tenant AND parent_id IS NULL AND unknown_time_zone IS NOT NULL;
  END LOOP;
  PERFORM set_config('rollcall.tenant_id', '', true), set_config('rollcall.settles_time_zones', '', true);
END $$;

-- The same zone by the name that this database knows.
CREATE FUNCTION rename_time_zone(unknown text, known text) RETURNS void
  LANGUAGE plpgsql SET search_path = rollcall, pg_temp AS $$
DECLARE
  tenant uuid;
BEGIN
  PERFORM set_config('rollcall.settles_time_zones', 'on', true);
  UPDATE organisations SET time_zone = known WHERE unknown_time_zone = unknown;
  FOR tenant IN SELECT tenant_id FROM organisations LOOP
    PERFORM set_config('rollcall.tenant_id', tenant::text, true);
    UPDATE nodes SET time_zone = known
    WHERE tenant_id = tenant AND parent_id IS NULL AND unknown_time_zone = unknown;
    UPDATE office_redatings SET to_time_zone = known WHERE tenant_id = tenant AND to_time_zone = unknown;
  END LOOP;
  PERFORM set_config('rollcall.tenant_id', '', true), set_config('rollcall.settles_time_zones', '', true);
END $$;

-- Its rows have one column more.
CREATE OR REPLACE FUNCTION current_organisation() RETURNS SETOF organisations
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT * FROM organisations WHERE tenant_id = current_tenant_id();
END;

-- As before, but the name may change without the time zone that is not known.
CREATE OR REPLACE FUNCTION update_organisation(new_name text, new_time_zone text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  UPDATE organisations
  SET name = coalesce(new_name, name), time_zone = coalesce(new_time_zone, unknown_time_zone, time_zone)
  WHERE tenant_id = current_tenant_id();
END;

-- Every organisation, or office of one, whose time zone is not known. Owner only.
CREATE FUNCTION unknown_time_zones() RETURNS TABLE (organisation text, office text, time_zone text)
  LANGUAGE plpgsql SET search_path = rollcall, pg_temp AS $$
DECLARE
  o record;
BEGIN
  FOR o IN SELECT tenant_id, slug, unknown_time_zone FROM organisations ORDER BY slug LOOP
    IF o.unknown_time_zone IS NOT NULL THEN
      RETURN QUERY SELECT o.slug, NULL::text, o.unknown_time_zone;
    END IF;
    PERFORM set_config('rollcall.tenant_id', o.tenant_id::text, true);
    RETURN QUERY SELECT o.slug, n.name, n.unknown_time_zone FROM nodes n
      WHERE n.tenant_id = o.tenant_id AND n.parent_id IS NULL AND n.unknown_time_zone IS NOT NULL ORDER BY n.name, n.node_id;
  END LOOP;
  PERFORM set_config('rollcall.tenant_id', '', true);
END $$;

---------------------------------------------------------------------------------------------------------
-- As before, with what is not known.

CREATE OR REPLACE VIEW node_paths WITH (security_invoker = true) AS
SELECT n.tenant_id, n.node_id, n.kind, n.status,
       'inactive' NOT IN (n.status, coalesce(n1.status, 'active'), coalesce(n2.status, 'active'),
                          coalesce(n3.status, 'active'))
         AND coalesce(n3.unknown_time_zone, n2.unknown_time_zone, n1.unknown_time_zone, n.unknown_time_zone) IS NULL
         AS in_use,
       coalesce(n3.node_id, n2.node_id, n1.node_id, n.node_id) AS location_id,
       coalesce(n3.name, n2.name, n1.name, n.name) AS location_name,
       coalesce(n3.time_zone, n2.time_zone, n1.time_zone, n.time_zone) AS time_zone,
       CASE n.kind WHEN 'place' THEN n2.node_id WHEN 'level' THEN n.node_id WHEN 'location' THEN NULL
                   ELSE n1.node_id END AS level_id,
       CASE n.kind WHEN 'place' THEN n2.name WHEN 'level' THEN n.name WHEN 'location' THEN NULL
                   ELSE n1.name END AS level_name,
       CASE n.kind WHEN 'place' THEN n1.node_id WHEN 'zone' THEN n.node_id END AS zone_id,
       CASE n.kind WHEN 'place' THEN n1.name WHEN 'zone' THEN n.name END AS zone_name,
       CASE WHEN n.kind = 'place' THEN n.node_id END AS place_id,
       CASE WHEN n.kind = 'place' THEN n.name END AS place_name,
       CASE WHEN n.kind = 'space' THEN n.node_id END AS space_id,
       CASE WHEN n.kind = 'space' THEN n.name END AS space_name,
       n.name,
       CASE n.kind WHEN 'place' THEN n1.capacity WHEN 'zone' THEN n.capacity END AS zone_capacity,
       -- Of the office.
       coalesce(n3.unknown_time_zone, n2.unknown_time_zone, n1.unknown_time_zone, n.unknown_time_zone) AS unknown_time_zone
FROM nodes n
LEFT JOIN nodes n1 ON n1.tenant_id = n.tenant_id AND n1.node_id = n.parent_id
LEFT JOIN nodes n2 ON n2.tenant_id = n.tenant_id AND n2.node_id = n1.parent_id
LEFT JOIN nodes n3 ON n3.tenant_id = n.tenant_id AND n3.node_id = n2.parent_id;

CREATE OR REPLACE VIEW offices WITH (security_invoker = true) AS
SELECT n.tenant_id, n.node_id AS location_id, n.name, n.status, n.time_zone,
       coalesce(s.horizon_days, 14) AS horizon_days,
       coalesce(s.presence_reporting, 'detect') AS presence_reporting,
       coalesce(s.desk_presence, 'record') AS desk_presence,
       coalesce(s.release_assigned_desks, true) AS release_assigned_desks,
       s.horizon_reached, n.unknown_time_zone
FROM nodes n
LEFT JOIN office_settings s ON s.tenant_id = n.tenant_id AND s.location_id = n.node_id
WHERE n.kind = 'location';

CREATE OR REPLACE FUNCTION look_up_directory(wanted_tenant uuid, wanted_ids uuid[], wanted_names text[], wanted_folded text[],
                                  wanted_cards uuid[], wanted_nodes uuid[]) RETURNS json
  LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  users json;
  folded json;
  holders json;
  holder_ids uuid[];
  nodes json;
BEGIN
  IF cardinality(wanted_cards) > 0 THEN
    SELECT json_agg(h), array_agg(h."userId") INTO holders, holder_ids FROM (
      SELECT w.digest, true AS "byScan", c.user_id AS "userId"
      FROM unnest(wanted_cards) AS w (digest)
      CROSS JOIN LATERAL (SELECT s.card_digest FROM access_credential_scans s
                          WHERE s.tenant_id = wanted_tenant AND s.scan_digest = w.digest OFFSET 0) AS s
      CROSS JOIN LATERAL (SELECT c.user_id FROM access_credentials c
                          WHERE c.tenant_id = wanted_tenant AND c.card_digest = s.card_digest AND c.active OFFSET 0) AS c
      UNION
      SELECT w.digest, false, c.user_id
      FROM unnest(wanted_cards) AS w (digest)
      CROSS JOIN LATERAL (SELECT c.user_id FROM access_credentials c
                          WHERE c.tenant_id = wanted_tenant AND c.card_number_digest = w.digest AND c.active OFFSET 0) AS c
    ) AS h;
  END IF;

  IF cardinality(wanted_ids || holder_ids) > 0 OR cardinality(wanted_names) > 0 THEN
    SELECT json_agg(p) INTO users FROM (
      SELECT u.user_id AS "userId", u.user_name AS "userName", u.email
      FROM unnest(wanted_ids || holder_ids) AS w (user_id)
      CROSS JOIN LATERAL (SELECT * FROM users u
                          WHERE u.tenant_id = wanted_tenant AND u.user_id = w.user_id OFFSET 0) AS u
      WHERE u.status = 'active'
      UNION
      SELECT u.user_id, u.user_name, u.email
      FROM unnest(wanted_names) AS w (name)
      CROSS JOIN LATERAL (SELECT u.user_id, u.user_name, u.email FROM users u
                          WHERE u.tenant_id = wanted_tenant AND u.status = 'active' AND u.email = w.name OFFSET 0) AS u
      UNION
      SELECT u.user_id, u.user_name, u.email
      FROM unnest(wanted_names) AS w (name)
      CROSS JOIN LATERAL (SELECT * FROM users u
                          WHERE u.tenant_id = wanted_tenant AND u.user_name = w.name OFFSET 0) AS u
      WHERE u.status = 'active'
    ) AS p;
  END IF;

  IF cardinality(wanted_folded) > 0 THEN
    SELECT json_agg(p) INTO folded FROM (
      SELECT u.user_id AS "userId", u.user_name AS "userName", u.user_name_folded AS "userNameFolded", u.email,
             u.email_folded AS "emailFolded"
      FROM unnest(wanted_folded) AS w (name)
      CROSS JOIN LATERAL (SELECT * FROM users u
                          WHERE u.tenant_id = wanted_tenant AND u.user_name_folded = w.name OFFSET 0) AS u
      WHERE u.status = 'active'
      UNION
      SELECT u.user_id, u.user_name, u.user_name_folded, u.email, u.email_folded
      FROM unnest(wanted_folded) AS w (name)
      CROSS JOIN LATERAL (SELECT * FROM users u
                          WHERE u.tenant_id = wanted_tenant AND u.email_folded = w.name OFFSET 0) AS u
      WHERE u.status = 'active'
    ) AS p;
  END IF;

  IF cardinality(wanted_nodes) > 0 THEN
    SELECT json_agg(p) INTO nodes FROM (
      SELECT n.node_id AS "nodeId", n.kind, n.location_id AS "locationId",
             n.unknown_time_zone AS "unknownTimeZone", coalesce(s.desk_presence, 'record') AS "deskPresence"
      FROM unnest(wanted_nodes) AS w (node_id)
      CROSS JOIN LATERAL (SELECT n.node_id, n.kind, n.location_id, n.unknown_time_zone FROM node_paths n
                          WHERE n.tenant_id = wanted_tenant AND (n.in_use OR n.unknown_time_zone IS NOT NULL)
                            AND n.node_id = w.node_id OFFSET 0) AS n
      LEFT JOIN LATERAL (SELECT s.desk_presence FROM office_settings s
                         WHERE s.tenant_id = wanted_tenant AND s.location_id = n.location_id OFFSET 0) AS s ON true
    ) AS p;
  END IF;

  RETURN json_build_object('users', users, 'folded', folded, 'holders', holders, 'nodes', nodes);
END $$;
