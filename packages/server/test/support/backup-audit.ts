interface Values {
  tenantId: string;
  id(number: number): string;
  text: string;
  instant: string;
}

/** The audit trail. Each column has a value in a row; each nullable column also has a null. */
export function auditRows({ tenantId, id, text, instant }: Values): [string, Record<string, unknown>][] {
  const tenant_id = tenantId;
  const entry = {
    tenant_id,
    occurred_at: instant,
    action: text,
    version: 1,
    context: JSON.stringify({ address: text }),
    metadata: JSON.stringify({ text, list: [null, 1] }),
  };
  const batch = {
    ...{
      tenant_id,
      first_at: instant,
      last_at: instant,
      entries: 1,
      digest: '\\x01',
      previous_hash: '\\x02',
    },
    ...{ sealed_at: instant, kid: text, signature: '\\x03' },
  };
  const sealed = { entry_ids: [id(702)], entry_digests: '\\x04' };
  const pruned = { pruned_at: instant, prune_kid: text, prune_signature: '\\x05' };
  return [
    ['audit_subjects', { tenant_id, subject_id: id(700), kind: 'account', reference: text, name: text }],
    ['audit_subjects', { tenant_id, subject_id: id(701), kind: 'user' }],
    ['audit_entries', { ...entry, entry_id: id(702), actor_id: id(700), target_ids: [id(701)] }],
    ['audit_entries', { ...entry, entry_id: id(703), target_ids: [] }],
    ['audit_batches', { ...batch, number: 1, ...pruned }],
    ['audit_batches', { ...batch, number: 2, ...sealed }],
    [
      'audit_heads',
      {
        ...{ tenant_id, number: 2, hash: '\\x06', kid: text, signature: '\\x07' },
        ...{ database: text, run_id: id(704), snapshot: '10:20:15' },
      },
    ],
  ];
}
