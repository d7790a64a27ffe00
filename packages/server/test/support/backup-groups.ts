interface Values {
  tenantId: string;
  id(number: number): string;
  text: string;
}

/**
 * Groups on two levels, a membership and settings. Each column has a value in a row; each nullable column also has a
 * null.
 */
export function groupRows({ tenantId, id, text }: Values): [string, Record<string, unknown>][] {
  const group = { tenant_id: tenantId, group_type: text };
  return [
    ['groups', { ...group, group_id: id(400), name: '', in_hierarchy: true }],
    ['groups', { ...group, group_id: id(401), name: text, parent_id: id(400), in_hierarchy: true }],
    ['groups', { ...group, group_id: id(402), name: 'retired', status: 'inactive' }],
    [
      'groups',
      {
        ...group,
        group_id: id(403),
        name: 'provisioned',
        provisioned: true,
        external_id: text,
        modified_at: '2026-03-01T00:00:00Z',
      },
    ],
  ];
}

/** Rows that refer to these groups and their users. */
export function groupUseRows({ tenantId, id, text }: Values): [string, Record<string, unknown>][] {
  const settings = {
    group_attributes: [text, 'b'],
    primary_group_attribute: text,
    provisioned_group_type: text,
  };
  return [
    ['group_members', { tenant_id: tenantId, group_id: id(401), user_id: id(7) }],
    ['retention_settings', { tenant_id: tenantId, kind: 'visitors', kept: 'P3M' }],
    ['retention_settings', { tenant_id: tenantId, kind: 'leave' }],
    ['organisation_settings', { tenant_id: tenantId, ...(id(0).startsWith('1') ? settings : {}) }],
  ];
}
