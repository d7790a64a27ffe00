import { NO_SPOT, type Spots } from './spots.ts';

/**
 * Where a user counts at an office on a day, as spots, each once:
 *
 * - at every zone and level where the user was detected; not at a level without a zone if the user was also detected in
 *   a zone of it, for passing the door of the level;
 * - if the detection names no zone, in the zone of the booking, unless it is on another level;
 * - without a detection at a level or zone, at the booking.
 *
 * Writes the spots into `found`, and returns their number. `seen` are spots with repetitions; NO_SPOT counts as none.
 */
export function attendedSpots(
  spots: Spots,
  { seen, seenCount, booked }: { seen: Int32Array; seenCount: number; booked: number },
  found: Int32Array,
): number {
  let count = 0;
  const add = (spot: number): void => {
    for (let index = 0; index < count; index++) if (found[index] === spot) return;
    found[count++] = spot;
  };
  for (let index = 0; index < seenCount; index++) {
    const spot = seen[index] as number;
    if (spot === NO_SPOT) continue;
    if (spots.isZone(spot)) add(spot);
    else if (!isInZoneOf(spots, spot, seen, seenCount)) add(spots.levelOf(booked) === spot ? booked : spot);
  }
  if (count === 0) add(booked);
  return count;
}

/** Whether one of the spots is a zone of this level. */
function isInZoneOf(spots: Spots, level: number, seen: Int32Array, seenCount: number): boolean {
  for (let index = 0; index < seenCount; index++) {
    const spot = seen[index] as number;
    if (spot !== level && spots.levelOf(spot) === level) return true;
  }
  return false;
}
