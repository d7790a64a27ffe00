/** A day as `YYYY-MM-DD`. Such texts sort by time. */
export type Day = string;

const DAY_MS = 86_400_000;

/** The calendar's day at this moment in a time zone. */
export function todayIn(timeZone: string, nowMs = Date.now()): Day {
  const parts = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
    .formatToParts(nowMs)
    .map(({ type, value }) => [type, value] as const);
  const { year, month, day } = Object.fromEntries(parts);
  return `${year}-${month}-${day}`;
}

export function addDays(day: Day, days: number): Day {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The number of days from `from` to `to`, both included. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
}

/** The Monday of the week of a day. */
export function mondayOf(day: Day): Day {
  return addDays(day, -((new Date(day).getUTCDay() + 6) % 7));
}

/** Whether a text is a day that exists, from the year 1000 on: a field has smaller years while one types the year. */
export function isDay(text: string): boolean {
  const ms = Date.parse(text);
  return (
    /^[1-9]\d{3}-\d\d-\d\d$/.test(text) && !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
  );
}

/** The day of an instant that the API writes for a day. */
export function dayOf(instant: string): Day {
  return instant.slice(0, 10);
}

/** The ISO weekday of a day: 1 Monday to 7 Sunday. */
export function weekdayOf(day: Day): number {
  return new Date(day).getUTCDay() || 7;
}
