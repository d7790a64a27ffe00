/** The quotient; null if the denominator is 0. */
export function rate(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : numerator / denominator;
}

/** The mean; null if there are no values. */
export function mean(values: readonly number[]): number | null {
  return rate(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  );
}

/**
 * The value below which the share `p` of the values lies, interpolated as by SQL's percentile_cont; null if there are
 * no values.
 */
export function percentile(values: readonly number[], p: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const position = p * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  if (low === undefined || high === undefined) return null;
  return low + (high - low) * (position - Math.floor(position));
}

/** The middle value, or the mean of the two middle values; null if there are no values. */
export function median(values: readonly number[]): number | null {
  return percentile(values, 0.5);
}
