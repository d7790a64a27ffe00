-- Up Migration

-- As before. The answer has the changes of roles, too, and the address of the account, which may be gone then: each change has an
-- entry of the audit trail.
CREATE OR REPLACE FUNCTION apply_claimed_roles(of_account uuid, of_identity uuid, claimed json, at timestamptz) RETURNS json
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
DECLARE
  held record;
  kept text[] := '{}';
  changes json[] := '{}';
  accepted integer;
  address text;
BEGIN
  -- Always the account before roles, and organisations in one order, so that no two transactions wait for each other.
  SELECT email INTO address FROM accounts WHERE account_id = of_account FOR UPDATE;
  FOR held IN
    SELECT o.tenant_id, o.slug, r.role, c.value AS claimed_role
    FROM organisations o
    LEFT JOIN account_roles r ON r.tenant_id = o.tenant_id AND r.account_id = of_account AND r.identity_id = of_identity
    LEFT JOIN json_each_text(claimed) c ON c.key = o.slug
    WHERE r.role IS NOT NULL
       OR c.value IS NOT NULL
          AND NOT EXISTS (SELECT FROM account_roles i
                          WHERE i.tenant_id = o.tenant_id AND i.account_id = of_account AND i.identity_id IS NULL
                            AND i.accepted_at IS NOT NULL)
    ORDER BY o.tenant_id
  LOOP
    IF held.role = 'administrator' AND held.claimed_role IS DISTINCT FROM 'administrator'
       AND NOT has_administrator_besides(held.tenant_id, of_account, of_identity) THEN
      kept := kept || held.slug;
    ELSIF held.claimed_role IS NULL THEN
      DELETE FROM account_roles WHERE account_id = of_account AND tenant_id = held.tenant_id AND identity_id = of_identity;
    ELSE
      DELETE FROM account_roles WHERE account_id = of_account AND tenant_id = held.tenant_id AND identity_id IS NULL;
      INSERT INTO account_roles (account_id, tenant_id, role, invited_at, accepted_at, identity_id)
      VALUES (of_account, held.tenant_id, held.claimed_role, at, at, of_identity)
      ON CONFLICT (account_id, tenant_id, holder_id) DO UPDATE SET role = excluded.role;
    END IF;
    IF NOT held.slug = ANY (kept) AND held.role IS DISTINCT FROM held.claimed_role THEN
      changes := changes || json_build_object('tenantId', held.tenant_id, 'before', held.role, 'role', held.claimed_role);
    END IF;
  END LOOP;
  SELECT count(*) INTO accepted FROM account_roles
  WHERE account_id = of_account AND accepted_at IS NOT NULL AND (identity_id IS NULL OR identity_id = of_identity);
  IF accepted = 0 THEN
    DELETE FROM sessions s
    WHERE s.account_id = of_account
      AND (s.identity_id = of_identity
           OR NOT EXISTS (SELECT FROM account_roles r WHERE r.account_id = of_account AND r.accepted_at IS NOT NULL));
    DELETE FROM accounts a
    WHERE a.account_id = of_account AND NOT EXISTS (SELECT FROM account_roles r WHERE r.account_id = a.account_id);
  END IF;
  RETURN json_build_object('kept', kept, 'roles', accepted, 'changes', changes, 'email', address);
END $$;
