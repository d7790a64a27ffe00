/** The parts of a quota of which the server warns, in percent. */
const WARNED_PERCENTS = [100, 80] as const;
type WarnedPercent = (typeof WARNED_PERCENTS)[number];

/** The highest part of a quota that is used and of which the server warns, in percent; 0 if none is. A quota of 0 is none. */
export function reachedPercent({ stored, quota }: { stored: number; quota: number }): WarnedPercent | 0 {
  return WARNED_PERCENTS.find((percent) => quota > 0 && stored * 100 >= quota * percent) ?? 0;
}

/** The parts of which the server warns, above `warned` and up to `reached`, the lowest first. */
export function percentsBetween(warned: number, reached: number): WarnedPercent[] {
  return WARNED_PERCENTS.filter((percent) => percent > warned && percent <= reached).toReversed();
}
