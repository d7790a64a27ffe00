-- Up Migration

-- The texts that an index of trigrams has of a user: those of a search of users, and the name that SCIM displays if it is
-- none of them.
CREATE FUNCTION trigram_text(search_text text, user_name text, first_name text, last_name text, display_name text)
  RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN search_text || coalesce(E'\n' || lower(normalize(coalesce(
    display_name, CASE WHEN coalesce(first_name, '') || coalesce(last_name, '') = '' THEN user_name END))), '');

-- The users of the entered organisation who have three parts. A policy of users keeps LIKE from every index, because LIKE
-- is not leakproof. Rows of users that are read through this parent are under the policy below instead. It limits them to
-- the organisation as well. LIKE is a part of this policy, so it may use an index. The table itself has no rows.
CREATE TABLE user_searches (
  tenant_id uuid,
  user_id uuid,
  user_name text,
  user_name_folded text,
  email_folded text,
  first_name text,
  last_name text,
  display_name text,
  -- As in users: PostgreSQL 15 asks for the same expression.
  search_text text NOT NULL GENERATED ALWAYS AS (
    user_name_folded
    || CASE WHEN email_folded <> user_name_folded THEN E'\n' || email_folded ELSE '' END
    || E'\n' || lower(normalize(coalesce(first_name || ' ', '') || coalesce(last_name, '')))
  ) STORED,
  PRIMARY KEY (tenant_id, user_id)
);
ALTER TABLE user_searches ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_searches FORCE ROW LEVEL SECURITY;
-- The organisation is compared as bytes. Only the index of trigrams has these, so no plan can choose another index.
CREATE POLICY search ON user_searches FOR SELECT USING (
  uuid_send(tenant_id) = uuid_send(current_tenant_id())
  AND trigram_text(search_text, user_name, first_name, last_name, display_name)
    LIKE current_setting('rollcall.search_part_1', true)
  AND trigram_text(search_text, user_name, first_name, last_name, display_name)
    LIKE current_setting('rollcall.search_part_2', true)
  AND trigram_text(search_text, user_name, first_name, last_name, display_name)
    LIKE current_setting('rollcall.search_part_3', true)
);
ALTER TABLE users INHERIT user_searches;

-- The users that user_searches shows, but at most so many. It leaves no plan but that of the index of trigrams.
CREATE FUNCTION users_with_search_parts(most integer) RETURNS uuid[]
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = rollcall, pg_temp
  SET enable_seqscan = off SET enable_indexscan = off SET enable_bitmapscan = on
  SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN ARRAY(SELECT user_id FROM user_searches LIMIT most);
END $$;

-- The users of the entered organisation whose trigram_text has all parts, in no order. Null if the index is missing or
-- does not help, or if there are more than so many users. Parts are in lower case.
CREATE FUNCTION users_by_trigrams(parts text[], most integer) RETURNS uuid[]
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = rollcall, pg_temp
  SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
  SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  -- Where the type of characters is C, trigrams have letters of ASCII only.
  letters text := CASE WHEN (SELECT datctype IN ('C', 'POSIX') FROM pg_database WHERE datname = current_database())
                    THEN '[a-z0-9]' ELSE '[[:alnum:]]' END;
  wanted text[];
  trigrams text[];
  having_all integer;
  found uuid[];
BEGIN
  IF to_regclass('users_with_trigrams') IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT array_agg(p.part) INTO wanted
  FROM (SELECT left(u.part, 100) AS part FROM unnest(parts) AS u (part)
        WHERE left(u.part, 100) ~ (letters || '{3}') ORDER BY length(u.part) DESC LIMIT 3) AS p;
  IF wanted IS NULL THEN
    RETURN NULL;
  END IF;

  -- The index finds the users who have all trigrams, and each of them is read. If these are more than one in twenty, it is
  -- quicker to read all texts in order. The first 200 users tell.
  SELECT array_agg('%' || t.trigram || '%') INTO trigrams
  FROM (SELECT DISTINCT substr(p.part, i, 3) AS trigram
        FROM unnest(wanted) AS p (part), generate_series(1, length(p.part) - 2) AS i) AS t
  WHERE t.trigram ~ ('^' || letters || '{3}$');
  SELECT count(*) INTO having_all
  FROM (SELECT u.search_text FROM users u
        WHERE u.tenant_id = current_tenant_id() AND octet_length(u.search_text) <= 1000
        ORDER BY u.user_id LIMIT 200) AS s
  WHERE s.search_text LIKE ALL (trigrams);
  IF having_all > 10 THEN
    RETURN NULL;
  END IF;

  PERFORM set_config('rollcall.search_part_' || i,
                     '%' || coalesce(regexp_replace(wanted[i], '([\\%_])', '\\\1', 'g') || '%', ''), true)
  FROM generate_series(1, 3) AS i;
  found := users_with_search_parts(most + 1);
  IF cardinality(found) > most THEN
    RETURN NULL;
  END IF;
  RETURN found;
END $$;
