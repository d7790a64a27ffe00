import { createHash } from 'node:crypto';
import { HttpProblem, malformedBody } from '../http/errors.ts';
import type { Tx } from '../store/connections/db.ts';
import {
  deleteUnnamedImages,
  endUploadsBefore,
  findImage,
  type ImageRow,
  insertImage,
  type MediaType,
  noteUpload,
  sumImageBytes,
} from '../store/floor/images.ts';
import { rasterOf } from './raster.ts';
import { LEAST_RATIO, MOST_RATIO } from './schemas.ts';
import { decodeMarkup } from './svg/decode.ts';
import { SvgError, sanitizeSvg } from './svg/sanitize.ts';

/** An image that may be shown, and what was taken out of it. */
export interface SafeImage extends ImageRow {
  content: Buffer;
  removed: string[];
}

/** The most bytes of images that one organisation keeps. */
const MOST_IMAGE_BYTES = 200 * 1024 * 1024;
/** The most bytes of an image that somebody sends. */
export const MOST_SENT_BYTES = 5 * 1024 * 1024;
/** How much the ratio of an image and that of its plan may differ: the numbers of a client are rounded. */
const RATIO_TOLERANCE = 0.01;
/** The endings of files with an image. */
export const EXTENSIONS: Record<MediaType, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/svg+xml': 'svg',
};
/** An image that no plan names is kept for so long after somebody sent it, or a draft let go of it. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** Judges an image by its bytes. Throws a 400 or a 415 in a sentence. */
export async function judgeImage(bytes: Buffer): Promise<SafeImage> {
  const { content, ...image } = await safeContent(bytes);
  const ratio = image.width / image.height;
  if (ratio < LEAST_RATIO || ratio > MOST_RATIO)
    throw malformedBody('The image is more than ten times as long on one side as on the other.');
  return { ...image, content, imageId: createHash('sha256').update(content).digest('hex') };
}

/** Whether a plan with this image may have this ratio of width and height. */
export function isRatioOf({ width, height }: Pick<ImageRow, 'width' | 'height'>, ratio: number): boolean {
  return Math.abs((ratio * height) / width - 1) <= RATIO_TOLERANCE;
}

async function safeContent(bytes: Buffer): Promise<Omit<SafeImage, 'imageId'>> {
  const raster = rasterOf(bytes);
  if (typeof raster === 'string') throw malformedBody(raster);
  if (raster) return { ...raster, content: bytes, removed: [] };
  try {
    const text = decodeMarkup(bytes);
    if (text === undefined) throw new HttpProblem(415, 'The file is no PNG, JPEG or SVG image.');
    const { text: safe, ...of } = await sanitizeSvg(text);
    return { ...of, mediaType: 'image/svg+xml', content: Buffer.from(safe) };
  } catch (error) {
    throw error instanceof SvgError ? malformedBody(error.message) : error;
  }
}

/**
 * Stores an image for a level, where it waits for a plan that names it. Images that have waited for too long go. Throws a
 * 413 if the organisation has too many.
 */
export async function storeImage(
  tx: Tx,
  tenantId: string,
  { levelId, image, at }: { levelId: string; image: SafeImage; at: Date },
): Promise<void> {
  await removeForgottenImages(tx, tenantId, at);
  if (!(await findImage(tx, tenantId, image.imageId))) {
    const total = (await sumImageBytes(tx, tenantId)) + image.content.length;
    if (total > MOST_IMAGE_BYTES) {
      throw new HttpProblem(
        413,
        `The images of an organisation's floor plans may have ${MOST_IMAGE_BYTES / 1024 / 1024} MiB together, and this one ` +
          'is too much. Send a smaller image, publish plans with smaller images, or remove plans that nobody needs. An ' +
          'image that no plan names counts for 24 hours after somebody sent it, or a draft let go of it.',
      );
    }
    await insertImage(tx, tenantId, image);
  }
  await noteUpload(tx, tenantId, { levelId, imageId: image.imageId, at });
}

/** Removes the images that no plan names, and that nobody has sent, and no draft has let go of, for a day. */
export async function removeForgottenImages(tx: Tx, tenantId: string, at: Date): Promise<void> {
  await endUploadsBefore(tx, tenantId, new Date(at.getTime() - KEPT_MS));
  await deleteUnnamedImages(tx, tenantId);
}
