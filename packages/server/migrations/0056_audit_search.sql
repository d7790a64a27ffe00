-- Up Migration

-- The entries of a subject, the newest first: those that it did, those about it alone or first, and those about several subjects.
-- With the whole order in each, PostgreSQL never finds it cheaper to read the entries of all subjects in order.
-- The overlap of arrays has no index under row-level security, because its operator may tell of hidden rows. An element has one.
CREATE INDEX audit_entries_by_actor ON audit_entries (tenant_id, actor_id, occurred_at, entry_id);
CREATE INDEX audit_entries_by_target ON audit_entries (tenant_id, (target_ids[1]), occurred_at, entry_id) WHERE target_ids[1] IS NOT NULL;
CREATE INDEX audit_entries_of_several ON audit_entries (tenant_id, occurred_at, entry_id) WHERE target_ids[2] IS NOT NULL;
