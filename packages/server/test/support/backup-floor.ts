interface Values {
  tenantId: string;
  id(number: number): string;
  text: string;
  instant: string;
}

/** Floor plans and their images. Each column has a value in a row; each nullable column also has a null. */
export function floorRows({ tenantId, id, text, instant }: Values): [string, Record<string, unknown>][] {
  const imageId = '0123456789abcdef'.repeat(4);
  const plan = {
    tenant_id: tenantId,
    level_id: id(3),
    aspect_ratio: 1.2345678901234567,
    changed_at: instant,
    changed_by: text,
  };
  const placement = { tenant_id: tenantId, plan_id: id(701), x: 0.1, y: 1e-17 };
  return [
    [
      'floor_plan_images',
      {
        tenant_id: tenantId,
        image_id: imageId,
        media_type: 'image/svg+xml',
        width: 793.701,
        height: 0.5,
        content: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      },
    ],
    ['floor_plans', { ...plan, plan_id: id(700), is_draft: true, based_on: 3, image_id: imageId }],
    ['floor_plans', { ...plan, plan_id: id(701), is_draft: false, version: 3 }],
    ['floor_plan_versions', { tenant_id: tenantId, level_id: id(3), last_version: 4 }],
    ['floor_plan_placements', { ...placement, node_id: id(1) }],
    ['floor_plan_placements', { ...placement, node_id: id(2), width: 1, height: 0.3333333333333333 }],
    ['floor_plan_uploads', { tenant_id: tenantId, level_id: id(3), image_id: imageId, uploaded_at: instant }],
  ];
}
