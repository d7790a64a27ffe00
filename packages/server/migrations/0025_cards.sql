-- Up Migration

-- Readers, badge systems and spreadsheets write one hexadecimal number in different ways: case, blanks and colons make no difference
-- when a card is looked up. The application makes digests of the folded text from now on (foldCardText); here the cards and scan
-- data that are stored get theirs.

CREATE FUNCTION folded_card_text(original text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN bare ~ '^[0-9A-Fa-f]+([: \t]+[0-9A-Fa-f]+)*$'
                AND (bare !~ '[: \t]' OR bare ~ '[A-Fa-f]'
                     OR bare ~ '^[0-9]{2}([: \t]+[0-9]{2})*$' OR bare ~ '^[0-9]{4}([: \t]+[0-9]{4})*$')
              THEN lower(regexp_replace(bare, '[: \t]+', '', 'g')) ELSE original END
  FROM (SELECT btrim(original, E' \t') AS bare) AS trimmed
$$;
-- As digest() of the application.
CREATE FUNCTION digest_of(VARIADIC texts text[]) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT left(encode(sha256(convert_to(to_json(texts)::text, 'UTF8')), 'hex'), 32)::uuid
$$;

-- The owner sees the rows of all organisations until these lines are undone below.
ALTER TABLE access_credentials NO FORCE ROW LEVEL SECURITY;
ALTER TABLE access_credential_scans NO FORCE ROW LEVEL SECURITY;
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
ALTER TABLE directory_versions NO FORCE ROW LEVEL SECURITY;

-- Of spellings of one card, the one in force is kept, and of several the one that was written last. It is no temporary table: the
-- owner may lack the right to make one.
CREATE TABLE folded_cards AS
  SELECT c.tenant_id, c.card_digest AS old_digest, folded.digest AS new_digest, c.user_id, c.active,
         first_value(c.card_digest) OVER spellings AS kept_digest, first_value(c.user_id) OVER spellings AS kept_user_id
  FROM access_credentials c
  LEFT JOIN users u ON u.tenant_id = c.tenant_id AND u.user_id = c.user_id
  CROSS JOIN LATERAL (SELECT digest_of(c.facility_code, folded_card_text(c.card_number)) AS digest) AS folded
  WINDOW spellings AS (PARTITION BY c.tenant_id, folded.digest
                       ORDER BY (c.active AND coalesce(u.status = 'active', false)) DESC, c.updated_at DESC, c.card_digest);

-- What readers send of another spelling of the same person's card still means that card.
CREATE TABLE folded_scans AS
  SELECT DISTINCT ON (s.tenant_id, folded.digest, f.new_digest)
         s.tenant_id, folded.digest AS scan_digest, f.new_digest AS card_digest, s.scan_data
  FROM access_credential_scans s
  JOIN folded_cards f ON f.tenant_id = s.tenant_id AND f.old_digest = s.card_digest
  CROSS JOIN LATERAL (SELECT digest_of(folded_card_text(s.scan_data)) AS digest) AS folded
  WHERE f.old_digest = f.kept_digest OR (f.active AND f.user_id = f.kept_user_id)
  ORDER BY s.tenant_id, folded.digest, f.new_digest, s.scan_data;

DELETE FROM access_credential_scans;
DELETE FROM access_credentials c USING folded_cards f
  WHERE f.tenant_id = c.tenant_id AND f.old_digest = c.card_digest AND f.old_digest <> f.kept_digest;
UPDATE access_credentials c
  SET card_digest = f.new_digest, card_number_digest = digest_of(folded_card_text(c.card_number))
  FROM folded_cards f
  WHERE f.tenant_id = c.tenant_id AND f.old_digest = c.card_digest AND f.old_digest <> f.new_digest;
INSERT INTO access_credential_scans (tenant_id, scan_digest, card_digest, scan_data)
  SELECT tenant_id, scan_digest, card_digest, scan_data FROM folded_scans;

DROP TABLE folded_cards, folded_scans;
DROP FUNCTION folded_card_text(text), digest_of(text[]);
ALTER TABLE access_credentials FORCE ROW LEVEL SECURITY;
ALTER TABLE access_credential_scans FORCE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE directory_versions FORCE ROW LEVEL SECURITY;
