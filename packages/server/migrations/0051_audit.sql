-- Up Migration

-- Who stands behind the subjects of audit entries. It is outside the chain of entries, so that a person can be forgotten.
CREATE TABLE audit_subjects (
  tenant_id uuid NOT NULL,
  -- Random. Entries have only this.
  subject_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('user', 'account', 'key', 'scim-token', 'operator')),
  -- The id of the user, account, key or token. Null once it was forgotten.
  reference text,
  -- As it was when the subject was first named. Null where nobody knew it, or once it was forgotten.
  name text,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, subject_id),
  UNIQUE (tenant_id, kind, reference)
);
CREATE INDEX audit_subjects_forgotten ON audit_subjects (tenant_id, written_xid) WHERE reference IS NULL;
CREATE TRIGGER stamp BEFORE UPDATE ON audit_subjects FOR EACH ROW EXECUTE FUNCTION stamp_written_xid();

-- Who did or read what. Rows are added by add_audit_entries(), and are never changed. The owner deletes those that are too old.
CREATE TABLE audit_entries (
  tenant_id uuid NOT NULL,
  occurred_at timestamptz NOT NULL,
  entry_id uuid NOT NULL,
  action text NOT NULL,
  -- The version of the action's metadata.
  version smallint NOT NULL,
  -- Subjects; no foreign keys, because subjects go at another time. Null: the server itself, or nobody known.
  actor_id uuid,
  target_ids uuid[] NOT NULL,
  context jsonb NOT NULL,
  metadata jsonb NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, occurred_at, entry_id)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX audit_entries_by_writer ON audit_entries (tenant_id, written_xid);

CREATE TABLE audit_entries_before PARTITION OF audit_entries
  FOR VALUES FROM (MINVALUE) TO ('2027-01-01 00:00:00+00');

-- Entries in the order of the chain, signed. A batch whose entries were pruned stays, with a signature that says so.
CREATE TABLE audit_batches (
  tenant_id uuid NOT NULL,
  number bigint NOT NULL CHECK (number > 0),
  -- The times of its first and of its last entry.
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  -- Its entries in order, and the SHA-256 of each; null once they were pruned.
  entry_ids uuid[],
  entry_digests bytea,
  entries integer NOT NULL CHECK (entries > 0),
  -- SHA-256 of entry_digests, and of the batch before it.
  digest bytea NOT NULL,
  previous_hash bytea NOT NULL,
  sealed_at timestamptz NOT NULL,
  kid text NOT NULL,
  signature bytea NOT NULL,
  pruned_at timestamptz,
  prune_kid text,
  prune_signature bytea,
  PRIMARY KEY (tenant_id, number),
  CHECK ((entry_ids IS NULL) = (entry_digests IS NULL)),
  CHECK ((pruned_at IS NULL) = (prune_signature IS NULL) AND (prune_kid IS NULL) = (prune_signature IS NULL)),
  CHECK ((pruned_at IS NULL) = (entry_ids IS NOT NULL))
);
CREATE INDEX audit_batches_by_last_at ON audit_batches (tenant_id, last_at) WHERE pruned_at IS NULL;

-- The last batch of each organisation, signed as the last one, and the snapshot up to which entries are in batches.
CREATE TABLE audit_heads (
  tenant_id uuid PRIMARY KEY,
  number bigint NOT NULL,
  hash bytea NOT NULL,
  kid text NOT NULL,
  signature bytea NOT NULL,
  -- Where the snapshot means anything: in another database, the job looks for entries that are in no batch.
  database text NOT NULL,
  run_id uuid NOT NULL,
  snapshot text NOT NULL
);

-- How many months an organisation keeps entries.
ALTER TABLE organisation_settings
  ADD COLUMN audit_months smallint NOT NULL DEFAULT 13 CHECK (audit_months BETWEEN 1 AND 120);

-- The keys that sign batches. None is ever deleted: what it signed can be checked for as long as it is there.
CREATE TABLE audit_keys (
  kid text PRIMARY KEY,
  private_key_sealed bytea NOT NULL,
  created_at timestamptz NOT NULL
);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['audit_subjects', 'audit_entries', 'audit_entries_before', 'audit_batches', 'audit_heads'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = current_tenant_id())', table_name);
  END LOOP;
END $$;

-- The advisory lock of the subjects of an organisation. Who adds entries shares it; who forgets or deletes subjects has it alone.
CREATE FUNCTION audit_subjects_lock() RETURNS bigint LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT hashtextextended('rollcall audit subjects ' || current_tenant_id(), 0);
END;

-- Makes the partition of the month of `at`, unless it is there. Entries go on meanwhile: ATTACH keeps no writer out.
CREATE FUNCTION make_audit_month(at timestamptz) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  month CONSTANT timestamp := date_trunc('month', at AT TIME ZONE 'UTC');
  partition_name CONSTANT text := 'audit_entries_' || to_char(month, 'YYYY_MM');
BEGIN
  IF at < '2027-01-01 00:00:00+00' OR to_regclass('rollcall.' || partition_name) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('rollcall audit months', 0));
  -- The look-up by name may not see yet what a transaction made just before the lock. A query does.
  IF NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'rollcall'::regnamespace AND relname = partition_name) THEN
    PERFORM add_month('audit_entries', partition_name, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
  END IF;
END $$;

-- Adds entries of the organisation of the transaction. The only way in for the restricted role. An entry that is
-- there already stays, so that a writer may repeat a call whose outcome it does not know. A user who is not there, as after an
-- erasure, is no subject. Late entries waited in a process. So the accounts that they name may have been erased since then: only
-- an account that has a role here becomes a subject.
CREATE FUNCTION add_audit_entries(new_entries jsonb, are_late boolean) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  -- Until the entries are visible: nobody may forget or delete their subjects before.
  PERFORM pg_advisory_xact_lock_shared(audit_subjects_lock());

  INSERT INTO audit_subjects (tenant_id, subject_id, kind, reference, name)
  SELECT DISTINCT ON (s.kind, s.reference) current_tenant_id(), s."subjectId", s.kind, s.reference,
         coalesce(u.user_name, a.email, s.name)
  FROM jsonb_array_elements(new_entries) AS e
  CROSS JOIN jsonb_to_recordset(e -> 'subjects') AS s ("subjectId" uuid, kind text, reference text, name text)
  LEFT JOIN users u ON u.tenant_id = current_tenant_id() AND u.user_id = CASE s.kind WHEN 'user' THEN s.reference::uuid END
    AND u.pseudonym_year IS NULL
  LEFT JOIN (account_roles r JOIN accounts a USING (account_id))
    ON are_late AND s.kind = 'account' AND r.tenant_id = current_tenant_id() AND a.account_id::text = s.reference
  WHERE NOT EXISTS (SELECT FROM audit_subjects k
                    WHERE k.tenant_id = current_tenant_id() AND k.kind = s.kind AND k.reference = s.reference)
    AND CASE s.kind WHEN 'user' THEN u.user_id IS NOT NULL WHEN 'account' THEN NOT are_late OR a.account_id IS NOT NULL
        ELSE true END
  ORDER BY s.kind, s.reference
  ON CONFLICT (tenant_id, kind, reference) DO NOTHING;

  -- A month that the job has not made must not cost an entry.
  PERFORM make_audit_month(month AT TIME ZONE 'UTC')
  FROM (SELECT DISTINCT date_trunc('month', (e ->> 'occurredAt')::timestamptz AT TIME ZONE 'UTC') AS month
        FROM jsonb_array_elements(new_entries) AS e) AS months;

  INSERT INTO audit_entries (tenant_id, occurred_at, entry_id, action, version, actor_id, target_ids, context, metadata)
  SELECT current_tenant_id(), (e ->> 'occurredAt')::timestamptz, (e ->> 'entryId')::uuid, e ->> 'action',
         (e ->> 'version')::smallint, named.actor_id, named.target_ids, e -> 'context', e -> 'metadata'
  FROM jsonb_array_elements(new_entries) AS e
  CROSS JOIN LATERAL (
    SELECT (array_agg(k.subject_id) FILTER (WHERE (s.subject ->> 'isActor')::boolean))[1] AS actor_id,
           coalesce(array_agg(k.subject_id ORDER BY s.position) FILTER (WHERE NOT (s.subject ->> 'isActor')::boolean),
             '{}') AS target_ids
    FROM jsonb_array_elements(e -> 'subjects') WITH ORDINALITY AS s (subject, position)
    JOIN audit_subjects k ON k.tenant_id = current_tenant_id() AND k.kind = s.subject ->> 'kind'
     AND k.reference = s.subject ->> 'reference') AS named
  ON CONFLICT (tenant_id, occurred_at, entry_id) DO NOTHING;
END $$;

-- The organisations whose keys and accounts failed logins named: for the entries about these. Nobody else's are returned.
CREATE FUNCTION places_of_logins(wanted_keys text[], wanted_addresses text[])
  RETURNS TABLE (kind text, sent text, tenant_id uuid, reference text, name text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT 'key', i.api_key_folded, i.tenant_id, i.api_key_folded, NULL::text
  FROM api_key_index i WHERE i.api_key_folded = ANY (wanted_keys)
  UNION ALL
  SELECT 'account', a.email_folded, r.tenant_id, a.account_id::text, a.email
  FROM accounts a JOIN account_roles r USING (account_id)
  WHERE a.email_folded = ANY (wanted_addresses) AND r.accepted_at IS NOT NULL;
END;
