import type { Tx } from '../connections/db.ts';

export const MEDIA_TYPES = ['image/png', 'image/jpeg', 'image/svg+xml'] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

/** An image of floor plans, without its content. */
export interface ImageRow {
  /** The SHA-256 of the content, in hex. */
  imageId: string;
  mediaType: MediaType;
  width: number;
  height: number;
}

/** The image with this id; undefined if the organisation has none. */
export async function findImage(tx: Tx, tenantId: string, imageId: string): Promise<ImageRow | undefined> {
  const { rows } = await tx.query<ImageRow>(
    `SELECT image_id AS "imageId", media_type AS "mediaType", width, height
     FROM floor_plan_images WHERE tenant_id = $1 AND image_id = $2`,
    [tenantId, imageId],
  );
  return rows[0];
}

/** The content of an image; undefined if the organisation has none with this id. */
export async function readImageContent(
  tx: Tx,
  tenantId: string,
  imageId: string,
): Promise<Buffer | undefined> {
  const { rows } = await tx.query<{ content: Buffer }>(
    'SELECT content FROM floor_plan_images WHERE tenant_id = $1 AND image_id = $2',
    [tenantId, imageId],
  );
  return rows[0]?.content;
}

/** The bytes of all images of the organisation. */
export async function sumImageBytes(tx: Tx, tenantId: string): Promise<number> {
  const { rows } = await tx.query<{ bytes: number }>(
    'SELECT coalesce(sum(octet_length(content)), 0)::bigint AS bytes FROM floor_plan_images WHERE tenant_id = $1',
    [tenantId],
  );
  return rows[0]?.bytes ?? 0;
}

/** Inserts an image, unless it is there. */
export async function insertImage(
  tx: Tx,
  tenantId: string,
  { imageId, mediaType, width, height, content }: ImageRow & { content: Buffer },
): Promise<void> {
  await tx.query(
    `INSERT INTO floor_plan_images (tenant_id, image_id, media_type, width, height, content)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [tenantId, imageId, mediaType, width, height, content],
  );
}

/** Keeps an image for a while, although no plan names it: somebody sent it for a level, or a draft of the level let go of it. */
export async function noteUpload(
  tx: Tx,
  tenantId: string,
  { levelId, imageId, at }: { levelId: string; imageId: string; at: Date },
): Promise<void> {
  await tx.query(
    `INSERT INTO floor_plan_uploads (tenant_id, level_id, image_id, uploaded_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant_id, level_id, image_id) DO UPDATE SET uploaded_at = excluded.uploaded_at`,
    [tenantId, levelId, imageId, at],
  );
}

/** Ends uploads of all levels that are older than an instant. */
export async function endUploadsBefore(tx: Tx, tenantId: string, before: Date): Promise<void> {
  await tx.query('DELETE FROM floor_plan_uploads WHERE tenant_id = $1 AND uploaded_at < $2', [
    tenantId,
    before,
  ]);
}

/** Removes the images that no plan and no upload names. */
export async function deleteUnnamedImages(tx: Tx, tenantId: string): Promise<void> {
  await tx.query(
    `DELETE FROM floor_plan_images i
     WHERE i.tenant_id = $1
       AND NOT EXISTS (SELECT FROM floor_plans p WHERE p.tenant_id = i.tenant_id AND p.image_id = i.image_id)
       AND NOT EXISTS (SELECT FROM floor_plan_uploads u WHERE u.tenant_id = i.tenant_id AND u.image_id = i.image_id)`,
    [tenantId],
  );
}
