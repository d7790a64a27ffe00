-- Up Migration

---------------------------------------------------------------------------------------------------------
-- The e-mail addresses of people as their identity provider sent them. A person without rows has users.email alone, of
-- type work and primary. The row without a value stands for users.email, the address that events match: whoever changes
-- users.email changes the address here with it.
CREATE TABLE user_emails (
  tenant_id uuid NOT NULL,
  user_id uuid NOT NULL,
  -- The order in which the addresses were sent.
  position integer NOT NULL,
  value text,
  value_folded text,
  type text,
  type_folded text,
  is_primary boolean,
  display text,
  PRIMARY KEY (tenant_id, user_id, position),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users,
  CHECK ((value IS NULL) = (value_folded IS NULL)),
  CHECK ((type IS NULL) = (type_folded IS NULL))
);
CREATE UNIQUE INDEX user_emails_of_users ON user_emails (tenant_id, user_id) WHERE value IS NULL;
CREATE INDEX user_emails_by_value_folded ON user_emails (tenant_id, value_folded) WHERE value_folded IS NOT NULL;
ALTER TABLE user_emails ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_emails FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON user_emails USING (tenant_id = current_tenant_id());

-- Every address of every person.
CREATE VIEW user_addresses WITH (security_invoker = true) AS
SELECT u.tenant_id, u.user_id, coalesce(m.position, 0) AS position, u.email AS value, u.email_folded AS value_folded,
       CASE WHEN m.user_id IS NULL THEN 'work' ELSE m.type END AS type,
       CASE WHEN m.user_id IS NULL THEN 'work' ELSE m.type_folded END AS type_folded,
       CASE WHEN m.user_id IS NULL THEN true ELSE m.is_primary END AS is_primary,
       m.display
FROM users u
LEFT JOIN user_emails m ON m.tenant_id = u.tenant_id AND m.user_id = u.user_id AND m.value IS NULL
WHERE u.email IS NOT NULL
UNION ALL
SELECT e.tenant_id, e.user_id, e.position, e.value, e.value_folded, e.type, e.type_folded, e.is_primary, e.display
FROM user_emails e
WHERE e.value IS NOT NULL;

---------------------------------------------------------------------------------------------------------
-- When a person or a group was created and last changed, as SCIM tells it. Writers pass the times; the default is for writers that do
-- not know of it. modified_at is null until the first change.
ALTER TABLE users ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT transaction_timestamp();
ALTER TABLE groups ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT transaction_timestamp();
ALTER TABLE groups ADD COLUMN modified_at timestamptz;
ALTER TABLE users
  ADD COLUMN modified_at timestamptz,
  -- Identity providers look people up by it. A policy keeps an index on an expression from use, and an entry of an index
  -- holds 2,704 bytes: the column has what fits, without regard to case.
  ADD COLUMN employee_number_folded text
    GENERATED ALWAYS AS (left(lower(normalize(attributes->>'employeeNumber')), 400)) STORED;
CREATE INDEX users_by_employee_number ON users (tenant_id, employee_number_folded) WHERE employee_number_folded IS NOT NULL;
