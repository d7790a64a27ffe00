-- Up Migration

-- Look-ups that every other request with events asks for. Planning takes several times as long as they do, so a plan is kept for
-- any texts. Each thing is looked up by itself, by a whole key and by nothing else (OFFSET 0 keeps the planner from seeing more):
-- before statistics are gathered, it takes an organisation's rows for so few that any index will do to go through all of them.

-- Whom and what the texts of events mean in an organisation: its active users, by id, by exact e-mail or userName (and as `folded`
-- by either without regard to case); whose active cards have a text, themselves among the users; and the nodes in use. null is none.
CREATE FUNCTION look_up_directory(wanted_tenant uuid, wanted_ids uuid[], wanted_names text[], wanted_folded text[],
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
             coalesce(s.desk_presence, 'record') AS "deskPresence"
      FROM unnest(wanted_nodes) AS w (node_id)
      CROSS JOIN LATERAL (SELECT n.node_id, n.kind, n.location_id FROM node_paths n
                          WHERE n.tenant_id = wanted_tenant AND n.in_use AND n.node_id = w.node_id OFFSET 0) AS n
      LEFT JOIN LATERAL (SELECT s.desk_presence FROM office_settings s
                         WHERE s.tenant_id = wanted_tenant AND s.location_id = n.location_id OFFSET 0) AS s ON true
    ) AS p;
  END IF;

  RETURN json_build_object('users', users, 'folded', folded, 'holders', holders, 'nodes', nodes);
END $$;

-- Which of sightings at desks (their offices are locations) are of the day that their office had when they were received, and of people
-- who on that day have no plan, plan to be remote, or plan to be at that office and have booked no desk of it: pairs of position and day.
CREATE FUNCTION unbooked_sightings(wanted_tenant uuid, user_ids uuid[], location_ids uuid[], observed timestamptz[],
                                   received timestamptz[]) RETURNS json
  LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN (
    SELECT json_agg(json_build_array(e.position, e.day) ORDER BY e.observed_at, e.position)
    FROM (
      SELECT w.*, (w.observed_at AT TIME ZONE o.time_zone)::date AS day
      FROM unnest(user_ids, location_ids, observed, received)
        WITH ORDINALITY AS w (user_id, location_id, observed_at, received_at, position)
      CROSS JOIN LATERAL (SELECT o.time_zone FROM nodes o
                          WHERE o.tenant_id = wanted_tenant AND o.node_id = w.location_id OFFSET 0) AS o
      WHERE (w.observed_at AT TIME ZONE o.time_zone)::date = (w.received_at AT TIME ZONE o.time_zone)::date
    ) AS e
    LEFT JOIN LATERAL (SELECT p.plan, p.location_id FROM day_plans p
                       WHERE p.tenant_id = wanted_tenant AND p.user_id = e.user_id AND p.day = e.day OFFSET 0) AS p ON true
    LEFT JOIN LATERAL (SELECT b.node_kind FROM bookings b
                       WHERE b.tenant_id = wanted_tenant AND b.user_id = e.user_id AND b.day = e.day OFFSET 0) AS b ON true
    WHERE p.plan IS NULL OR p.plan = 'r'
      OR (p.location_id = e.location_id AND b.node_kind IS DISTINCT FROM 'place')
  );
END $$;
