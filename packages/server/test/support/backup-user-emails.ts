interface Values {
  tenantId: string;
  userId: string;
  text: string;
}

/** E-mail addresses of a user. Each column has a value in a row; each nullable column also has a null. */
export function userEmailRows({ tenantId, userId, text }: Values): [string, Record<string, unknown>][] {
  const row = { tenant_id: tenantId, user_id: userId };
  return [
    ['user_emails', { ...row, position: 0 }],
    [
      'user_emails',
      {
        ...row,
        position: 1,
        value: text,
        value_folded: text,
        type: text,
        type_folded: text,
        is_primary: false,
        display: text,
      },
    ],
  ];
}
