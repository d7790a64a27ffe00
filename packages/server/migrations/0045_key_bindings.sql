-- Up Migration

-- What a key is bound to, besides its end. NULL: it is not bound.
ALTER TABLE api_keys
  -- In CIDR notation.
  ADD COLUMN networks text[] CHECK (cardinality(networks) BETWEEN 1 AND 64),
  -- Offices. Nodes are never deleted.
  ADD COLUMN location_ids uuid[] CHECK (cardinality(location_ids) BETWEEN 1 AND 500),
  DROP CONSTRAINT api_keys_role_check,
  ADD CONSTRAINT api_keys_role_check
    CHECK (role IN ('submitting-events', 'visitor-only', 'data-warehouse', 'statistics', 'all')),
  ADD CONSTRAINT api_keys_location_ids_role_check CHECK (location_ids IS NULL OR role <> 'all');

CREATE TRIGGER announce_bindings AFTER UPDATE OF networks, location_ids
  ON api_keys FOR EACH ROW EXECUTE FUNCTION announce_api_key();

-- Which rule refused a request with 403.
ALTER TABLE answered_requests ADD COLUMN refusal text;
