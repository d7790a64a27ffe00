/** The parts of a quota of which the server warns, in percent. */
const WARNED_PERCENTS = [100, 80] as const;

/** The highest part of a quota that is used and of which the server warns, in percent; 0 if none is. A quota of 0 is none. */
export function reachedPercent({
  stored,
  quota,
}: {
  stored: number;
  quota: number;
}): (typeof WARNED_PERCENTS)[number] | 0 {
  return WARNED_PERCENTS.find((percent) => quota > 0 && stored * 100 >= quota * percent) ?? 0;
}
