-- Up Migration

-- The number of the last published plan of a level. It outlives the plans, so that a number never means two plans.
CREATE TABLE floor_plan_versions (
  tenant_id uuid NOT NULL,
  level_id uuid NOT NULL,
  last_version integer NOT NULL CHECK (last_version > 0),
  PRIMARY KEY (tenant_id, level_id),
  FOREIGN KEY (tenant_id, level_id) REFERENCES nodes
);

-- The owner sees the rows of all organisations until the last lines.
ALTER TABLE floor_plans NO FORCE ROW LEVEL SECURITY;

INSERT INTO floor_plan_versions (tenant_id, level_id, last_version)
SELECT tenant_id, level_id, max(greatest(version, based_on))
FROM floor_plans
WHERE coalesce(version, based_on) > 0
GROUP BY tenant_id, level_id;

-- A draft that began without a published plan is based on 0, so that a caller can say so: null would mean nothing.
UPDATE floor_plans SET based_on = 0 WHERE is_draft AND based_on IS NULL;
ALTER TABLE floor_plans ADD CHECK ((based_on IS NULL) <> is_draft);

ALTER TABLE floor_plans FORCE ROW LEVEL SECURITY;
ALTER TABLE floor_plan_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE floor_plan_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON floor_plan_versions USING (tenant_id = current_tenant_id());
