interface Values {
  tenantId: string;
  id(number: number): string;
  text: string;
  instant: string;
}

/** Pseudonyms, the end of names, and erasures. Each column has a value in a row; each nullable column also has a null. */
export function erasureRows({ tenantId, id, text, instant }: Values): [string, Record<string, unknown>][] {
  const erasure = { tenant_id: tenantId, requested_at: instant, requested_by: text, rows: { presence: 7 } };
  return [
    [
      'users',
      {
        tenant_id: tenantId,
        user_id: id(600),
        pseudonym_year: 2025,
        status: 'inactive',
        deprovisioned: true,
      },
    ],
    ['replaced_users', { tenant_id: tenantId, user_id: id(602), year: 2025, pseudonym_id: id(600) }],
    [
      'ended_names',
      { tenant_id: tenantId, kind: 'names', before_day: '2025-02-10', done_before: '2025-02-09' },
    ],
    ['ended_names', { tenant_id: tenantId, kind: 'visitorNames', before_day: '2025-12-10' }],
    ['pseudonym_keys', { tenant_id: tenantId, year: 2025, digest_key: Buffer.alloc(32, 3) }],
    ['pseudonym_keys', { tenant_id: tenantId, year: 2024, closed: true }],
    ['erasures', { ...erasure, subject_digest: Buffer.alloc(32, 1), user_id: id(601), names: [text] }],
    ['erasures', { ...erasure, subject_digest: Buffer.alloc(32, 2), finished_at: instant }],
  ];
}
