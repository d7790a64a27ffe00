/** The longest side that a drawing gets. Its content is scaled, so nothing is lost. */
const LONGEST_SIDE = 12_000;

/** CSS pixels of a unit. */
const UNITS: Record<string, number> = {
  '': 1,
  px: 1,
  pt: 96 / 72,
  pc: 16,
  in: 96,
  cm: 96 / 2.54,
  mm: 96 / 25.4,
};

export interface SvgSize {
  width: number;
  height: number;
  viewBox: string;
}

/** The size of an SVG by the attributes of its root; undefined if they give none. */
export function sizeOf(attributes: ReadonlyMap<string, string>): SvgSize | undefined {
  const box = (attributes.get('viewBox') ?? '')
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  const [, , boxWidth = 0, boxHeight = 0] = box.length === 4 && box.every(Number.isFinite) ? box : [];
  const hasBox = boxWidth > 0 && boxHeight > 0;
  const width = lengthOf(attributes.get('width')) ?? boxWidth;
  const height = lengthOf(attributes.get('height')) ?? boxHeight;
  if (!(width > 0 && height > 0)) return undefined;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  return {
    width: rounded(width * scale),
    height: rounded(height * scale),
    viewBox: hasBox ? box.join(' ') : `0 0 ${width} ${height}`,
  };
}

/** A length in pixels; undefined if there is none, or if it depends on where the drawing is shown. */
function lengthOf(text: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^\s*\+?(\d*\.?\d+(?:e[-+]?\d+)?)\s*([a-z]*)\s*$/i.exec(text ?? '') ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (digits === undefined || factor === undefined) return undefined;
  const pixels = Number(digits) * factor;
  return Number.isFinite(pixels) && pixels > 0 ? pixels : undefined;
}

function rounded(pixels: number): number {
  return Math.round(pixels * 1_000) / 1_000;
}
