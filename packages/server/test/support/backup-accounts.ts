interface Values {
  tenantId: string;
  id(number: number): string;
  text: string;
  instant: string;
}

/** Accounts and their roles. Each column has a value in a row; each nullable column also has a null. */
export function accountRows({ tenantId, id, text, instant }: Values): [string, Record<string, unknown>][] {
  const account = (number: number) => ({
    account_id: id(number),
    email: `${text} ${id(number)}`,
    email_folded: `${text} ${id(number)}`,
    created_at: instant,
  });
  const identity = (number: number, account: number) => ({
    identity_id: id(number),
    issuer: text,
    subject: id(number),
    account_id: id(account),
    linked_at: instant,
  });
  const passkey = (hex: string) => ({
    credential_id: `\\x${hex}${id(600).replaceAll('-', '')}`,
    account_id: id(600),
    public_key: '\\x03',
    sign_count: 1,
    backed_up: true,
    transports: ['usb', text],
    name: text,
    created_at: instant,
  });
  const role = { tenant_id: tenantId, invited_at: instant };
  return [
    ['accounts', account(600)],
    [
      'accounts',
      {
        ...account(601),
        name: text,
        password_hash: text,
        password_changed_at: instant,
        disabled_at: instant,
        passkey_required: true,
      },
    ],
    ['account_roles', { ...role, account_id: id(600), role: 'administrator' }],
    ['account_identities', identity(610, 600)],
    ['account_identities', { ...identity(611, 601), email: text, last_used_at: instant }],
    [
      'account_roles',
      { ...role, account_id: id(601), role: 'viewer', accepted_at: instant, identity_id: id(611) },
    ],
    ['passkeys', passkey('01')],
    ['passkeys', { ...passkey('02'), last_used_at: instant }],
  ];
}
