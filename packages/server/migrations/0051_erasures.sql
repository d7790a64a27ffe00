-- Up Migration

-- The people who were erased or are to be, for the job that erases them, and so that a restored backup brings nobody back. A
-- finished erasure says no more of the person than a digest of the id.
CREATE TABLE erasures (
  tenant_id uuid NOT NULL REFERENCES organisations,
  -- SHA-256 of the ids of the organisation and the user.
  subject_digest bytea NOT NULL CHECK (length(subject_digest) = 32),
  -- Null once it is finished.
  user_id uuid,
  requested_at timestamptz NOT NULL,
  -- The id of the key or account.
  requested_by text NOT NULL,
  finished_at timestamptz,
  -- How many rows were deleted or changed, by category.
  rows jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, subject_digest),
  CHECK ((finished_at IS NULL) = (user_id IS NOT NULL))
);
CREATE UNIQUE INDEX erasures_by_user ON erasures (tenant_id, user_id) WHERE user_id IS NOT NULL;
ALTER TABLE erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON erasures USING (tenant_id = (SELECT current_tenant_id()));
