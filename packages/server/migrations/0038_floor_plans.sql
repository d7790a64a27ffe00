-- Up Migration

-- An image of floor plans. Its id is the SHA-256 of its content, so that draft and published plan share one row.
CREATE TABLE floor_plan_images (
  tenant_id uuid NOT NULL REFERENCES organisations,
  image_id text NOT NULL CHECK (image_id ~ '^[0-9a-f]{64}$'),
  media_type text NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg', 'image/svg+xml')),
  width double precision NOT NULL CHECK (width > 0),
  height double precision NOT NULL CHECK (height > 0),
  content bytea NOT NULL,
  PRIMARY KEY (tenant_id, image_id)
);

-- The draft and the published plan of a level. Publication turns the row of the draft into that of the published plan.
CREATE TABLE floor_plans (
  tenant_id uuid NOT NULL,
  plan_id uuid NOT NULL,
  level_id uuid NOT NULL,
  level_kind text NOT NULL GENERATED ALWAYS AS ('level') STORED,
  is_draft boolean NOT NULL,
  -- Of a published plan: its number among those of the level.
  version integer CHECK ((version IS NULL) = is_draft),
  -- Of a draft: the version of the published plan that its author began with.
  based_on integer CHECK (based_on IS NULL OR is_draft),
  -- Null: a blank sheet.
  image_id text,
  -- The width divided by the height.
  aspect_ratio double precision NOT NULL CHECK (aspect_ratio BETWEEN 0.1 AND 10),
  changed_at timestamptz NOT NULL,
  changed_by text NOT NULL,
  PRIMARY KEY (tenant_id, plan_id),
  UNIQUE (tenant_id, level_id, is_draft),
  FOREIGN KEY (tenant_id, level_id, level_kind) REFERENCES nodes (tenant_id, node_id, kind),
  FOREIGN KEY (tenant_id, image_id) REFERENCES floor_plan_images
);
CREATE INDEX floor_plans_by_image ON floor_plans (tenant_id, image_id);

-- Where a node is on a plan, in fractions of the plan's width and height. Rows of nodes that have left the level stay, so
-- that a node that comes back is where it was.
CREATE TABLE floor_plan_placements (
  tenant_id uuid NOT NULL,
  plan_id uuid NOT NULL,
  node_id uuid NOT NULL,
  -- The centre.
  x double precision NOT NULL CHECK (x BETWEEN 0 AND 1),
  y double precision NOT NULL CHECK (y BETWEEN 0 AND 1),
  -- Null for a desk, which is a point.
  width double precision CHECK (width > 0 AND width <= 1),
  height double precision CHECK (height > 0 AND height <= 1),
  PRIMARY KEY (tenant_id, plan_id, node_id),
  FOREIGN KEY (tenant_id, plan_id) REFERENCES floor_plans ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, node_id) REFERENCES nodes,
  CHECK ((width IS NULL) = (height IS NULL))
);

-- Images that were sent for a level, and that no plan of it names yet. They keep the image for a day.
CREATE TABLE floor_plan_uploads (
  tenant_id uuid NOT NULL,
  level_id uuid NOT NULL,
  image_id text NOT NULL,
  uploaded_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, level_id, image_id),
  FOREIGN KEY (tenant_id, level_id) REFERENCES nodes,
  FOREIGN KEY (tenant_id, image_id) REFERENCES floor_plan_images
);
CREATE INDEX floor_plan_uploads_by_image ON floor_plan_uploads (tenant_id, image_id);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY
    ARRAY['floor_plan_images', 'floor_plans', 'floor_plan_placements', 'floor_plan_uploads'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = current_tenant_id())', table_name);
  END LOOP;
END $$;
