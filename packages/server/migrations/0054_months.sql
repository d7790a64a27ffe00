-- Up Migration

---------------------------------------------------------------------------------------------------------
-- Events and the action log are partitions by month of UTC, so that a month whose rows are kept no longer gives its space back.
-- The oldest partition holds everything before the first month. The partitions follow one another without a gap, and there is
-- no default one.

-- The tables, and the column of the time in their keys.
CREATE FUNCTION tables_by_month(OUT table_name text, OUT time_column text) RETURNS SETOF record
  LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  VALUES ('action_log', 'logged_at'), ('occupancy_events', 'observed_at'), ('presence_events', 'observed_at'),
         ('visitor_arrivals', 'observed_at');
END;

-- Each partition holds the instants from from_at up to, but not including, before_at. A null is no limit.
CREATE VIEW months AS
SELECT p.relname::text AS table_name, c.relname::text AS partition_name, c.oid AS partition_oid,
       bounds.found[1]::timestamptz AS from_at, bounds.found[2]::timestamptz AS before_at
FROM pg_inherits i
JOIN pg_class p ON p.oid = i.inhparent
JOIN tables_by_month() t ON t.table_name = p.relname
JOIN pg_class c ON c.oid = i.inhrelid
CROSS JOIN regexp_match(pg_get_expr(c.relpartbound, c.oid),
                        'FROM \((?:MINVALUE|''([^'']+)'')\) TO \((?:MAXVALUE|''([^'']+)'')\)') AS bounds (found)
WHERE p.relnamespace = 'rollcall'::regnamespace AND p.relkind = 'p';

-- Makes a partition. Readers and writers of the table do not wait for it. Nobody reads or writes a partition itself: it has no
-- grants, and its row-level security has no policy.
CREATE FUNCTION add_month(of_table text, partition_name text, from_at timestamptz, before_at timestamptz) RETURNS void
  LANGUAGE plpgsql SET timezone = 'UTC' SET search_path = rollcall, pg_temp AS $$
DECLARE
  definition text;
BEGIN
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL EXCLUDING INDEXES)', partition_name, of_table);
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition_name);
  -- With names that follow from those of the table. PostgreSQL would choose its own.
  FOR definition IN
    SELECT CASE WHEN i.indisprimary
      THEN format('ALTER TABLE %I ADD CONSTRAINT %I %s', partition_name, replace(k.conname, of_table, partition_name),
                  pg_get_constraintdef(k.oid))
      ELSE replace(replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON '), of_table, partition_name) END
    FROM pg_index i LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid
    WHERE i.indrelid = of_table::regclass
  LOOP
    EXECUTE definition;
  END LOOP;
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%L)', of_table, partition_name,
                 coalesce(quote_literal(from_at), 'MINVALUE'), before_at);
END $$;

-- Makes the partitions that are missing up to `ahead` months after the month of `at`. Months that nobody made, because
-- no server ran, are one partition together. Returns how many it made.
CREATE FUNCTION make_months(at timestamptz, ahead integer) RETURNS integer
  LANGUAGE plpgsql SET timezone = 'UTC' SET search_path = rollcall, pg_temp AS $$
DECLARE
  this_month CONSTANT timestamptz := date_trunc('month', at);
  end_at CONSTANT timestamptz := this_month + make_interval(months => ahead + 1);
  of_table text;
  made_to timestamptz;
  next_to timestamptz;
  made integer := 0;
BEGIN
  FOR of_table IN
    SELECT t.table_name FROM tables_by_month() t
    JOIN pg_class c ON c.relname = t.table_name AND c.relnamespace = 'rollcall'::regnamespace AND c.relkind = 'p'
    ORDER BY t.table_name
  LOOP
    SELECT max(m.before_at) INTO made_to FROM months m WHERE m.table_name = of_table;
    CONTINUE WHEN made_to >= end_at;
    PERFORM pg_advisory_xact_lock(hashtext('rollcall months'));
    SELECT max(m.before_at) INTO made_to FROM months m WHERE m.table_name = of_table;
    IF made_to IS NULL THEN
      PERFORM add_month(of_table, of_table || '_before', NULL, this_month);
      made_to := this_month;
      made := made + 1;
    END IF;
    WHILE made_to < end_at LOOP
      next_to := greatest(made_to + interval '1 month', this_month);
      PERFORM add_month(of_table, of_table || to_char(made_to, '_YYYY_MM'), made_to, next_to);
      made_to := next_to;
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;

-- Makes a plain table a partitioned one of the same columns, keys, indexes, policies, triggers and grants. The rows stay where
-- they are: the plain table becomes the partition of all instants before `before_at`. Its constraint `before_month` must
-- say so and be valid, so that nothing reads the rows here. Without a `before_at`, the table is empty, and goes.
CREATE FUNCTION partition_by_month(of_table text, time_column text, before_at timestamptz) RETURNS void
  LANGUAGE plpgsql SET timezone = 'UTC' SET search_path = rollcall, pg_temp AS $$
DECLARE
  former CONSTANT text := of_table || '_before';
  former_id CONSTANT oid := of_table::regclass;
  definitions text[];
  definition text;
  dependents text;
BEGIN
  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', of_table);
  -- These would follow the former table, and silently miss all later rows.
  SELECT string_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid), ', ') INTO dependents
  FROM pg_depend d
  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = former_id
    AND d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_publication_rel'::regclass);
  IF dependents IS NOT NULL THEN
    RAISE EXCEPTION 'Drop what others made on %, and make it again when the job months has run: %', of_table, dependents
      USING ERRCODE = 'dependent_objects_still_exist';
  END IF;

  SELECT array_agg(d.sql) INTO definitions FROM (
    SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', of_table, k.conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k WHERE k.conrelid = former_id AND k.contype = 'p'
    UNION ALL
    SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = former_id AND NOT i.indisprimary
    UNION ALL
    SELECT format('CREATE POLICY %I ON %I USING (%s)', p.polname, of_table, pg_get_expr(p.polqual, former_id))
    FROM pg_policy p WHERE p.polrelid = former_id
    UNION ALL
    SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE t.tgrelid = former_id AND NOT t.tgisinternal
    UNION ALL
    SELECT format('GRANT %s%s ON %I TO %s%s', a.privilege_type, ' (' || quote_ident(g.attname) || ')', of_table,
                  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                  CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM (SELECT relacl AS acl, NULL AS attname, relowner AS owner FROM pg_class WHERE oid = former_id
          UNION ALL
          SELECT c.attacl, c.attname, 0 FROM pg_attribute c WHERE c.attrelid = former_id AND NOT c.attisdropped) AS g
    CROSS JOIN aclexplode(g.acl) a
    WHERE a.grantee <> g.owner OR g.attname IS NOT NULL
  ) AS d (sql);

  EXECUTE format('ALTER TABLE %I RENAME TO %I', of_table, former);
  FOR definition IN
    SELECT format('ALTER INDEX %I RENAME TO %I', c.relname, replace(c.relname, of_table, former))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = former_id
    UNION ALL
    SELECT format('DROP POLICY %I ON %I', p.polname, former) FROM pg_policy p WHERE p.polrelid = former_id
    UNION ALL
    SELECT format('DROP TRIGGER %I ON %I', t.tgname, former)
    FROM pg_trigger t WHERE t.tgrelid = former_id AND NOT t.tgisinternal
    UNION ALL
    SELECT DISTINCT format('REVOKE ALL ON %I FROM %s', former,
                           CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END)
    FROM (SELECT relacl AS acl FROM pg_class WHERE oid = former_id
          UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid = former_id) AS g
    CROSS JOIN aclexplode(g.acl) a
    WHERE a.grantee <> (SELECT relowner FROM pg_class WHERE oid = former_id)
  LOOP
    EXECUTE definition;
  END LOOP;

  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (%I)',
                 of_table, former, time_column);
  EXECUTE format('ALTER TABLE %I DROP CONSTRAINT IF EXISTS before_month', of_table);
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', of_table);
  FOREACH definition IN ARRAY definitions LOOP
    EXECUTE definition;
  END LOOP;
  IF before_at IS NULL THEN
    EXECUTE format('DROP TABLE %I', former);
  ELSE
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', of_table, former, before_at);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT before_month', former);
  END IF;
END $$;

-- A table without a page has no rows, whoever asks: row-level security would hide rows from its owner. The job "months"
-- partitions the others while servers serve.
DO $$
DECLARE
  plain record;
BEGIN
  FOR plain IN SELECT * FROM tables_by_month() LOOP
    IF pg_relation_size(plain.table_name::regclass) = 0 THEN
      PERFORM partition_by_month(plain.table_name, plain.time_column, NULL);
    END IF;
  END LOOP;
END $$;
