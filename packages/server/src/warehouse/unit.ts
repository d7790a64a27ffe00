/** The unit of a row of metrics: an office, or a level, zone or group at an office. */
export interface Unit {
  locationId: string;
  levelId: string | null;
  zoneId: string | null;
  groupId: string | null;
}

/** A key that sorts by office, level, zone and group. Units without a known one come first. */
export function unitKey({ locationId, levelId, zoneId, groupId }: Unit): string {
  return [locationId, levelId ?? '', zoneId ?? '', groupId ?? ''].join(' ');
}
