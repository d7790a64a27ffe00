/** The longest side that a drawing gets. Its content is scaled, so nothing is lost. */
const LONGEST_SIDE = 12_000;

/** The most characters of a number, and of a view box. */
const MOST_CHARACTERS = 200;
/** No two parts of it can match the same characters, so that it takes one step for each. */
const LENGTH = /^\+?((?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?)\s*([a-z]*)$/i;

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
  const box = shortText(attributes.get('viewBox'))
    .split(/[\s,]+/)
    .map(Number);
  const [, , boxWidth = 0, boxHeight = 0] = box.length === 4 && box.every(Number.isFinite) ? box : [];
  const hasBox = boxWidth > 0 && boxHeight > 0;
  const [givenWidth, givenHeight] = [lengthOf(attributes.get('width')), lengthOf(attributes.get('height'))];
  // As browsers do, a side that is not given follows from the other one and the ratio of the view box.
  const width = givenWidth ?? (givenHeight && hasBox ? (givenHeight * boxWidth) / boxHeight : boxWidth);
  const height = givenHeight ?? (givenWidth && hasBox ? (givenWidth * boxHeight) / boxWidth : boxHeight);
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
  const [, digits, unit = ''] = LENGTH.exec(shortText(text)) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (digits === undefined || factor === undefined) return undefined;
  const pixels = Number(digits) * factor;
  return Number.isFinite(pixels) && pixels > 0 ? pixels : undefined;
}

/** A text without the white space around it; empty if there is none, or if it is too long to be meant. */
function shortText(text = ''): string {
  const trimmed = text.trim();
  return trimmed.length <= MOST_CHARACTERS ? trimmed : '';
}

function rounded(pixels: number): number {
  return Math.round(pixels * 1_000) / 1_000;
}
