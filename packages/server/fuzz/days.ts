export const DAY_MS = 86_400_000;

/** The date so many days from today. */
export function dayText(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
}

/** The instant so many days from now. */
export function instantText(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString();
}
