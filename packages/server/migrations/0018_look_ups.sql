-- Up Migration

-- Look-ups that every other request with events asks for. Planning takes several times as long as they do, so they are planned
-- once for each connection; and each has an index, which a plan made while a table was small would leave aside for as long as it is kept.

-- Whom and what the texts of events mean in an organisation: its active users, by id, by exact e-mail or userName (and as `folded`
-- by either without regard to case); whose active cards have a text, themselves among the users; and the nodes in use. null is none.
CREATE FUNCTION look_up_directory(wanted_tenant uuid, wanted_ids uuid[], wanted_names text[], wanted_folded text[],
                                  wanted_cards uuid[], wanted_nodes uuid[]) RETURNS json
  LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
  users json;
  folded json;
  holders json;
  holder_ids uuid[];
  nodes json;
BEGIN
  IF cardinality(wanted_cards) > 0 THEN
    SELECT json_agg(h), array_agg(h."userId") INTO holders, holder_ids FROM (
      SELECT s.scan_digest AS digest, true AS "byScan", c.user_id AS "userId"
      FROM access_credential_scans s
      JOIN access_credentials c ON c.tenant_id = s.tenant_id AND c.card_digest = s.card_digest
      WHERE s.tenant_id = wanted_tenant AND s.scan_digest = ANY (wanted_cards) AND c.active
      UNION
      SELECT c.card_number_digest, false, c.user_id FROM access_credentials c
      WHERE c.tenant_id = wanted_tenant AND c.card_number_digest = ANY (wanted_cards) AND c.active
    ) AS h;
  END IF;

  IF cardinality(wanted_ids || holder_ids) > 0 OR cardinality(wanted_names) > 0 THEN
    SELECT json_agg(p) INTO users FROM (
      SELECT u.user_id AS "userId", u.user_name AS "userName", u.email FROM users u
      WHERE u.tenant_id = wanted_tenant AND u.status = 'active' AND u.user_id = ANY (wanted_ids || holder_ids)
      UNION
      SELECT u.user_id, u.user_name, u.email FROM users u
      WHERE u.tenant_id = wanted_tenant AND u.status = 'active' AND u.email = ANY (wanted_names)
      UNION
      SELECT u.user_id, u.user_name, u.email FROM users u
      WHERE u.tenant_id = wanted_tenant AND u.status = 'active' AND u.user_name = ANY (wanted_names)
    ) AS p;
  END IF;

  IF cardinality(wanted_folded) > 0 THEN
    SELECT json_agg(p) INTO folded FROM (
      SELECT u.user_id AS "userId", u.user_name AS "userName", u.user_name_folded AS "userNameFolded", u.email,
             u.email_folded AS "emailFolded"
      FROM users u
      WHERE u.tenant_id = wanted_tenant AND u.status = 'active' AND u.user_name_folded = ANY (wanted_folded)
      UNION
      SELECT u.user_id, u.user_name, u.user_name_folded, u.email, u.email_folded FROM users u
      WHERE u.tenant_id = wanted_tenant AND u.status = 'active' AND u.email_folded = ANY (wanted_folded)
    ) AS p;
  END IF;

  IF cardinality(wanted_nodes) > 0 THEN
    SELECT json_agg(p) INTO nodes FROM (
      SELECT n.node_id AS "nodeId", n.kind, n.location_id AS "locationId",
             coalesce(s.desk_presence, 'record') AS "deskPresence"
      FROM node_paths n
      LEFT JOIN office_settings s ON s.tenant_id = n.tenant_id AND s.location_id = n.location_id
      WHERE n.tenant_id = wanted_tenant AND n.in_use AND n.node_id = ANY (wanted_nodes)
    ) AS p;
  END IF;

  RETURN json_build_object('users', users, 'folded', folded, 'holders', holders, 'nodes', nodes);
END $$;

-- Which of sightings at desks (their offices are locations) are of the day that their office had when they were received, and of people
-- who on that day have no plan, plan to be remote, or plan to be at that office and have booked no desk of it: pairs of position and day.
CREATE FUNCTION unbooked_sightings(wanted_tenant uuid, user_ids uuid[], location_ids uuid[], observed timestamptz[],
                                   received timestamptz[]) RETURNS json
  LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
  RETURN (
    SELECT json_agg(json_build_array(e.position, e.day) ORDER BY e.observed_at, e.position)
    FROM (
      SELECT w.*, (w.observed_at AT TIME ZONE o.time_zone)::date AS day
      FROM unnest(user_ids, location_ids, observed, received)
        WITH ORDINALITY AS w (user_id, location_id, observed_at, received_at, position)
      JOIN nodes o ON o.tenant_id = wanted_tenant AND o.node_id = w.location_id
      WHERE (w.observed_at AT TIME ZONE o.time_zone)::date = (w.received_at AT TIME ZONE o.time_zone)::date
    ) AS e
    LEFT JOIN day_plans p ON p.tenant_id = wanted_tenant AND p.user_id = e.user_id AND p.day = e.day
    LEFT JOIN bookings b ON b.tenant_id = wanted_tenant AND b.user_id = e.user_id AND b.day = e.day
    WHERE p.plan IS NULL OR p.plan = 'r'
      OR (p.location_id = e.location_id AND b.node_kind IS DISTINCT FROM 'place')
  );
END $$;
