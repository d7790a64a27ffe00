/**
 * The marks of an axis from 0 to at least `greatest`, at steps of 1, 2 or 5 times a power of ten. At most `most` steps.
 * The last mark is the end of the axis.
 */
export function marksOf(greatest: number, most = 4): number[] {
  if (!(greatest > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(greatest / most));
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((each) => greatest / each <= most) ?? greatest;
  const steps = Math.ceil(greatest / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, index) => index * step);
}

/** Which of `count` labels to show, so that each has `labelWidth` of the `width` (both in pixels): every n-th. */
export function labelStep(count: number, width: number, labelWidth: number): number {
  return Math.max(1, Math.ceil((count * labelWidth) / Math.max(width, 1)));
}
