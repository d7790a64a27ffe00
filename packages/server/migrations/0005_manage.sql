-- Up Migration

-- What an organisation may change of itself, by those who cannot reach the table of all. Null: as it is.
CREATE FUNCTION update_organisation(new_name text, new_time_zone text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  UPDATE organisations SET name = coalesce(new_name, name), time_zone = coalesce(new_time_zone, time_zone)
  WHERE tenant_id = current_tenant_id();
END;
