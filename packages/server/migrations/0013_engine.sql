-- Up Migration

-- For whoever has written much at once: tables that have grown to twice what the planner knows of them are analyzed, which only
-- their owner may do. What somebody else analyzes or vacuums just now is left to them.
CREATE FUNCTION catch_up_statistics() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  table_name text;
BEGIN
  FOR table_name IN
    SELECT c.relname FROM pg_class c
    WHERE c.oid = ANY (ARRAY['nodes', 'users', 'office_settings', 'desk_assignments', 'week_plans', 'leaves', 'day_plans', 'bookings',
                             'zone_days']::regclass[])
      AND pg_relation_size(c.oid) > 2 * c.relpages::bigint * current_setting('block_size')::bigint
    ORDER BY c.relname
  LOOP
    EXECUTE format('ANALYZE (SKIP_LOCKED) %I', table_name);
  END LOOP;
END $$;
