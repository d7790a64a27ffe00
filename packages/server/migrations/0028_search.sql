-- Up Migration

-- The texts in which a search looks for its words. The application folds the first two, so it compares their parts with
-- parts that it folds itself. No word has a line end, so no word is found across two texts.
ALTER TABLE users ADD search_text text NOT NULL GENERATED ALWAYS AS (
  user_name_folded
  || CASE WHEN email_folded <> user_name_folded THEN E'\n' || email_folded ELSE '' END
  || E'\n' || lower(normalize(coalesce(first_name || ' ', '') || coalesce(last_name, '')))
) STORED;

-- A search reads one organisation's part of the index, and no row that it does not return. An index of trigrams would be
-- of no use for words of one or two letters. A row of an index has at most 2,704 bytes, so long texts have another index.
CREATE INDEX users_by_search_text ON users (tenant_id, user_id)
  INCLUDE (search_text, status, deprovisioned, primary_location_id) WHERE octet_length(search_text) <= 1000;
CREATE INDEX users_by_long_search_text ON users (tenant_id, user_id) WHERE octet_length(search_text) > 1000;
