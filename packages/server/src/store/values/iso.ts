/** Turns PostgreSQL's text of a date into the text on the wire: `2026-01-31T00:00:00.000Z`. */
export function isoDay(text: string): string {
  return `${text}T00:00:00.000Z`;
}

/**
 * Turns PostgreSQL's text of an instant in UTC, `2026-01-31 09:00:00.5+00`, into the text on the wire,
 * `2026-01-31T09:00:00.500Z`. Microseconds stay if there are any.
 */
export function isoInstant(text: string): string {
  const whole = `${text.slice(0, 10)}T${text.slice(11, 19)}`;
  const fraction = text.slice(20, -3);
  return `${whole}.${fraction.padEnd(fraction.length > 3 ? 6 : 3, '0')}Z`;
}
