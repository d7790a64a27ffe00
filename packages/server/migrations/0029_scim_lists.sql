-- Up Migration

-- A list of the identity provider's users reads its order and its total from this index alone. The index
-- users_by_creation has deleted users, too, because a new user is created after all of them.
CREATE INDEX users_in_scim_lists ON users (tenant_id, created_at, user_id) WHERE NOT deprovisioned;
