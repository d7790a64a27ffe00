import { imageSize } from 'image-size';

/**
 * The size of an image stands in its head, behind descriptions and a colour profile. In bytes that are no JPEG, the look for it
 * takes a step for each byte.
 */
const HEAD_BYTES = 512 * 1024;
/** The longest side that browsers show, and the most pixels that they unpack without trouble. */
const LONGEST_SIDE = 12_000;
const MOST_PIXELS = 40_000_000;

const SIGNATURES = [
  {
    mediaType: 'image/png',
    bytes: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    type: 'png',
  },
  { mediaType: 'image/jpeg', bytes: Buffer.from([0xff, 0xd8, 0xff]), type: 'jpg' },
] as const;
/** Orientations of EXIF from this one turn the image by a quarter. */
const FIRST_TURNED = 5;

export interface Raster {
  mediaType: 'image/png' | 'image/jpeg';
  /** In pixels, as browsers show the image. */
  width: number;
  height: number;
}

/**
 * The type and size of a PNG or JPEG, by its bytes. Undefined if the bytes are neither, a sentence if the image is damaged
 * or too large.
 */
export function rasterOf(bytes: Buffer): Raster | string | undefined {
  const signature = SIGNATURES.find((each) => bytes.subarray(0, each.bytes.length).equals(each.bytes));
  if (!signature) return undefined;
  const size = measure(bytes);
  if (size?.type !== signature.type || !(size.width > 0 && size.height > 0))
    return `The ${signature.type.toUpperCase()} image is damaged: its first 512 KiB do not say how large it is.`;
  const isTurned = (size.orientation ?? 1) >= FIRST_TURNED;
  const [width, height] = isTurned ? [size.height, size.width] : [size.width, size.height];
  if (Math.max(width, height) > LONGEST_SIDE || width * height > MOST_PIXELS) {
    return (
      `The image has ${width} × ${height} pixels. At most ${LONGEST_SIDE.toLocaleString('en')} pixels are allowed on a side, ` +
      `and ${MOST_PIXELS / 1_000_000} million in all.`
    );
  }
  return { mediaType: signature.mediaType, width, height };
}

function measure(bytes: Buffer) {
  try {
    return imageSize(bytes.subarray(0, HEAD_BYTES));
  } catch {
    return undefined;
  }
}
