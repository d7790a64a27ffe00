-- Up Migration

-- The cards of one user, without reading those of all users.
CREATE INDEX access_credentials_by_user ON access_credentials (tenant_id, user_id);
