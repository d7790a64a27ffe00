import { createHash } from 'node:crypto';
import { HttpProblem, malformedBody } from '../http/errors.ts';
import type { Tx } from '../store/connections/db.ts';
import {
  deleteUnnamedImages,
  endUploadsBefore,
  findImage,
  type ImageRow,
  insertImage,
  noteUpload,
  sumImageBytes,
} from '../store/floor/images.ts';
import { rasterOf } from './raster.ts';
import { decodeMarkup } from './svg/decode.ts';
import { SvgError, sanitizeSvg } from './svg/sanitize.ts';

/** An image that may be shown, and what was taken out of it. */
export interface SafeImage extends ImageRow {
  content: Buffer;
  removed: string[];
}

/** The most bytes of images that one organisation keeps. */
export const MOST_IMAGE_BYTES = 200 * 1024 * 1024;
/** The ratios of width and height that a plan can have. */
const LEAST_RATIO = 0.1;
const MOST_RATIO = 10;
/** An image that no plan names by then is removed. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** Judges an image by its bytes. Throws a 400 or a 415 in a sentence. */
export async function judgeImage(bytes: Buffer): Promise<SafeImage> {
  const { content, ...image } = await safeContent(bytes);
  const ratio = image.width / image.height;
  if (ratio < LEAST_RATIO || ratio > MOST_RATIO)
    throw malformedBody('The image is more than ten times as long on one side as on the other.');
  return { ...image, content, imageId: createHash('sha256').update(content).digest('hex') };
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
  await endUploadsBefore(tx, tenantId, new Date(at.getTime() - KEPT_MS));
  await deleteUnnamedImages(tx, tenantId);
  if (!(await findImage(tx, tenantId, image.imageId))) {
    const total = (await sumImageBytes(tx, tenantId)) + image.content.length;
    if (total > MOST_IMAGE_BYTES) {
      throw new HttpProblem(
        413,
        `The images of all floor plans of an organisation may have ${MOST_IMAGE_BYTES / 1024 / 1024} MiB together, and this ` +
          'one is too much. Send a smaller image, or remove plans that nobody needs.',
      );
    }
    await insertImage(tx, tenantId, image);
  }
  await noteUpload(tx, tenantId, { levelId, imageId: image.imageId, at });
}
