-- rolling: yes
-- Up Migration

-- Leave says who was away, so it ends with the names in a new organisation. An update of the server removes nothing by itself:
-- organisations that exist keep leave without limit until somebody decides.
ALTER TABLE retention_settings NO FORCE ROW LEVEL SECURITY;
INSERT INTO retention_settings (tenant_id, kind) SELECT tenant_id, 'leave' FROM organisations
ON CONFLICT (tenant_id, kind) DO NOTHING;
ALTER TABLE retention_settings FORCE ROW LEVEL SECURITY;
