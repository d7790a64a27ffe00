/** The unit of a row of metrics: an office, or a level, zone or group at an office. Without an office, all offices together. */
export interface Unit {
  locationId: string | null;
  levelId: string | null;
  zoneId: string | null;
  groupId: string | null;
}

/** All offices together. */
export const ORGANISATION: Unit = { locationId: null, levelId: null, zoneId: null, groupId: null };

/** A key that sorts by office, level, zone and group. Units without a known one come first. */
export function unitKey({ locationId, levelId, zoneId, groupId }: Unit): string {
  return [locationId ?? '', levelId ?? '', zoneId ?? '', groupId ?? ''].join(' ');
}
