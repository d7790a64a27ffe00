interface Values {
  tenantId: string;
  id(number: number): string;
  text: string;
  instant: string;
}

/** SCIM tokens. Each column has a value in a row; each nullable column also has a null. */
export function scimTokenRows({ tenantId, id, text, instant }: Values): [string, Record<string, unknown>][] {
  const hash = (number: number) => Buffer.from(id(number).replaceAll('-', ''));
  const token = { tenant_id: tenantId, name: text, created_at: instant };
  return [
    ['scim_token_index', { token_hash: hash(500), tenant_id: tenantId }],
    ['scim_tokens', { ...token, token_id: id(500), token_hash: hash(500) }],
    [
      'scim_tokens',
      {
        ...token,
        token_id: id(501),
        token_hash: hash(501),
        expires_at: instant,
        revoked_at: instant,
        last_used_at: instant,
      },
    ],
  ];
}
