-- Up Migration

-- What an organisation may change of itself, by those who cannot reach the table of all. Null: as it is.
CREATE FUNCTION update_organisation(new_name text, new_time_zone text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  UPDATE organisations SET name = coalesce(new_name, name), time_zone = coalesce(new_time_zone, time_zone)
  WHERE tenant_id = current_tenant_id();
END;

-- Whenever a booking goes, its foreign key asks for the plan that still needs it. Without this index it reads every
-- plan of that day, and an office whose people all have a plan cannot be retired in reasonable time.
CREATE INDEX day_plans_by_booked_user ON day_plans (tenant_id, booked_user_id, day) WHERE booked_user_id IS NOT NULL;
