-- Up Migration

-- A node with the ids and names of everything above it, as before, but step by step: joined by expressions, the
-- whole tree was gone through for a single node wherever statistics were behind. Its own name and the capacity of its
-- zone are new.
CREATE OR REPLACE VIEW node_paths WITH (security_invoker = true) AS
SELECT n.tenant_id, n.node_id, n.kind, n.status,
       'inactive' NOT IN (n.status, coalesce(n1.status, 'active'), coalesce(n2.status, 'active'),
                          coalesce(n3.status, 'active')) AS in_use,
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
       CASE n.kind WHEN 'place' THEN n1.capacity WHEN 'zone' THEN n.capacity END AS zone_capacity
FROM nodes n
LEFT JOIN nodes n1 ON n1.tenant_id = n.tenant_id AND n1.node_id = n.parent_id
LEFT JOIN nodes n2 ON n2.tenant_id = n.tenant_id AND n2.node_id = n1.parent_id
LEFT JOIN nodes n3 ON n3.tenant_id = n.tenant_id AND n3.node_id = n2.parent_id;

-- As before, and by the primary key alone.
CREATE OR REPLACE FUNCTION check_booked_nodes() RETURNS trigger
  LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT DISTINCT tenant_id, node_id, node_kind, location_id, zone_id FROM new_rows) AS b
    WHERE CASE b.node_kind
      WHEN 'place' THEN (SELECT n.parent_id FROM nodes n WHERE n.tenant_id = b.tenant_id AND n.node_id = b.node_id)
      WHEN 'zone' THEN b.node_id
    END IS DISTINCT FROM b.zone_id
  ) OR EXISTS (
    SELECT FROM (SELECT DISTINCT tenant_id, zone_id, location_id FROM new_rows WHERE zone_id IS NOT NULL) AS b
    WHERE (SELECT l.parent_id FROM nodes l WHERE l.tenant_id = b.tenant_id AND l.node_id = (
      SELECT z.parent_id FROM nodes z WHERE z.tenant_id = b.tenant_id AND z.node_id = b.zone_id
    )) IS DISTINCT FROM b.location_id
  ) THEN
    RAISE EXCEPTION 'A booking is of a node of its office, in the zone of that node.' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;

-- Without statistics the planner takes any index that begins with the day for as good as the key where a plan asks
-- for its booking, and would go through the whole day for each. With the person in it, it is as good.
DROP INDEX bookings_by_day;
CREATE INDEX bookings_by_day ON bookings (tenant_id, day, user_id, location_id);
