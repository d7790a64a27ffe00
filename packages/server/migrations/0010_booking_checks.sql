-- Up Migration

-- As before, and by the primary key alone: joined through the view, every statement went through the whole tree.
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
