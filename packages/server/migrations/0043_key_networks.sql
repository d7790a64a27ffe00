-- Up Migration

-- The networks from which keys have logged in. Failures from elsewhere never refuse a login from them. Servers write the table
-- in the background. Backups do not have it.
CREATE TABLE api_key_networks (
  tenant_id uuid NOT NULL,
  api_key_folded text NOT NULL,
  -- An IPv4 address, or the hexadecimal digits of the /64 of an IPv6 address.
  network text NOT NULL,
  logged_in_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, api_key_folded, network),
  FOREIGN KEY (tenant_id, api_key_folded) REFERENCES api_keys ON DELETE CASCADE
);
ALTER TABLE api_key_networks ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key_networks FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_key_networks USING (tenant_id = current_tenant_id());
