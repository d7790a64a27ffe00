/** PostgreSQL's text of a date as it goes out: `2026-01-31T00:00:00.000Z`. */
export function isoDay(text: string): string {
  return `${text}T00:00:00.000Z`;
}

/**
 * `2026-01-31 09:00:00.5+00`, PostgreSQL's text of an instant where the time zone is UTC, as it goes out:
 * `2026-01-31T09:00:00.500Z`; microseconds stay where there are any.
 */
export function isoInstant(text: string): string {
  const whole = `${text.slice(0, 10)}T${text.slice(11, 19)}`;
  const fraction = text.slice(20, -3);
  return `${whole}.${fraction.padEnd(fraction.length > 3 ? 6 : 3, '0')}Z`;
}
