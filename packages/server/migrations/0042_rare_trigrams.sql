-- Up Migration

-- A search asks the index for one piece of its parts. To compare each user who is found with further parts here as well
-- takes longer than it saves. The settings are read once for a statement, and not for each user: that is what SELECT does.
ALTER POLICY search ON user_searches USING (
  uuid_send(tenant_id) = (SELECT uuid_send(current_tenant_id()))
  AND trigram_text(search_text, user_name, first_name, last_name, display_name)
    LIKE (SELECT current_setting('rollcall.search_piece', true))
);
DROP FUNCTION users_with_search_parts(integer);

-- A piece of the parts for which the index of trigrams is asked, without signs that LIKE would not take as they are. Null if
-- the index is missing, or if more than `most_of_sample` of the first 200 users have the trigrams of the piece: each user who
-- has them is read. Parts are in lower case.
-- The index has a list of users for each trigram, and compares the shortest list of those asked for with each other one. So
-- a piece has three trigrams at most. If there are several pieces, the first 200 users tell whose two rarest trigrams the
-- fewest users have.
CREATE FUNCTION search_piece(parts text[], most_of_sample integer) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = rollcall, pg_temp
  SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
  SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  -- Where the type of characters is C, trigrams have letters of ASCII only.
  letter text := CASE WHEN (SELECT datctype IN ('C', 'POSIX') FROM pg_database WHERE datname = current_database())
                   THEN '[a-z0-9]' ELSE '[[:alnum:]]' END;
  runs text[];
  pieces text[];
  piece text;
  texts text[];
  having_piece integer;
BEGIN
  IF to_regclass('users_with_trigrams') IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT array_agg(r.run[1]) INTO runs
  FROM (SELECT left(u.part, 100) AS part FROM unnest(parts) AS u (part) ORDER BY length(u.part) DESC LIMIT 3) AS p,
       regexp_matches(p.part, letter || '{3,}', 'g') AS r (run);
  SELECT array_agg(DISTINCT substr(r.run, i, 5)) INTO pieces
  FROM unnest(runs) AS r (run), generate_series(1, greatest(length(r.run) - 4, 1)) AS i;
  IF pieces IS NULL THEN
    RETURN NULL;
  END IF;

  texts := ARRAY(SELECT u.search_text FROM users u
                 WHERE u.tenant_id = current_tenant_id() AND octet_length(u.search_text) <= 1000
                 ORDER BY u.user_id LIMIT 200);
  piece := pieces[1];
  IF cardinality(pieces) > 1 THEN
    WITH trigrams AS MATERIALIZED (
      SELECT t.trigram, ln(0.5 + (SELECT count(*) FROM unnest(texts) AS u (search_text)
                                  WHERE strpos(u.search_text, t.trigram) > 0)) - ln(0.5 + cardinality(texts)) AS share
      FROM (SELECT DISTINCT substr(p.piece, i, 3) AS trigram
            FROM unnest(pieces) AS p (piece), generate_series(1, length(p.piece) - 2) AS i) AS t)
    SELECT p.piece INTO piece FROM unnest(pieces) AS p (piece)
    ORDER BY (SELECT sum(r.share) FROM (SELECT t.share FROM trigrams t WHERE strpos(p.piece, t.trigram) > 0
                                        ORDER BY t.share LIMIT 2) AS r), p.piece LIMIT 1;
  END IF;
  SELECT count(*) INTO having_piece
  FROM unnest(texts) AS t (search_text)
  WHERE t.search_text LIKE ALL (ARRAY(SELECT '%' || substr(piece, i, 3) || '%' FROM generate_series(1, length(piece) - 2) AS i));
  RETURN CASE WHEN having_piece <= most_of_sample THEN piece END;
END $$;

-- The first users of the entered organisation in the order of ids, up to `count`, whose trigram_text has the piece, whose
-- search_text has all parts, and whose id is greater than `after`, if it is not null. Null if there is no piece, or if the
-- trigram_text of more than `most` users has it. It leaves no plan but that of the index of trigrams.
CREATE FUNCTION users_with_piece(piece text, parts text[], after uuid, count integer, most integer) RETURNS uuid[]
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = rollcall, pg_temp
  SET enable_seqscan = off SET enable_indexscan = off SET enable_bitmapscan = on
  SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  patterns text[] := ARRAY(SELECT '%' || regexp_replace(p.part, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(parts) AS p (part));
BEGIN
  IF piece IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM set_config('rollcall.search_piece', '%' || piece || '%', true);
  RETURN (SELECT CASE WHEN count(*) <= most THEN coalesce((array_agg(s.user_id ORDER BY s.user_id) FILTER (
                   WHERE (after IS NULL OR s.user_id > after) AND s.search_text LIKE ALL (patterns)))[:count], '{}') END
          FROM (SELECT u.user_id, u.search_text FROM user_searches u LIMIT most + 1) AS s);
END $$;

-- Candidates for the users of the entered organisation whose trigram_text has all parts: all such users, and maybe others.
-- Null if the index is missing or does not help, or if there are more than so many candidates. Parts are in lower case.
-- If more than one in twenty users have the trigrams, it is quicker to read all texts in order.
CREATE OR REPLACE FUNCTION users_by_trigrams(parts text[], most integer) RETURNS uuid[]
  LANGUAGE sql STABLE PARALLEL RESTRICTED
  SET search_path = rollcall, pg_temp
AS $$
  SELECT users_with_piece(search_piece(parts, 10), '{}', NULL, most, most)
$$;
