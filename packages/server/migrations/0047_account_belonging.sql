-- Up Migration

-- How an account belongs to the organisation of the transaction.
CREATE FUNCTION belonging_of_account(wanted_account uuid) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rollcall, pg_temp
BEGIN ATOMIC
  SELECT CASE
    WHEN own.accepted IS NULL THEN 'unknown'
    WHEN NOT own.accepted THEN 'invited'
    WHEN EXISTS (SELECT FROM account_roles WHERE account_id = wanted_account AND tenant_id <> current_tenant_id()
                   AND accepted_at IS NOT NULL) THEN 'shared'
    ELSE 'alone' END
  FROM (SELECT (SELECT accepted_at IS NOT NULL FROM account_roles
                WHERE account_id = wanted_account AND tenant_id = current_tenant_id()) AS accepted) AS own;
END;

-- The same, and the account stays locked until the transaction ends. It reads after it has the lock.
CREATE OR REPLACE FUNCTION lock_account(wanted_account uuid) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = rollcall, pg_temp AS $$
BEGIN
  PERFORM FROM accounts WHERE account_id = wanted_account FOR UPDATE;
  RETURN belonging_of_account(wanted_account);
END $$;
