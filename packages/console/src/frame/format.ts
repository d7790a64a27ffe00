import { texts } from '../texts.ts';
import type { Day } from './days.ts';

const { language, none } = texts;
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 });
const change = new Intl.NumberFormat(language, {
  style: 'percent',
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
});
const dayAndMonth = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const weekdayAndDay = new Intl.DateTimeFormat(language, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  timeZone: 'UTC',
});
const fullDay = new Intl.DateTimeFormat(language, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
const month = new Intl.DateTimeFormat(language, { month: 'short', year: 'numeric', timeZone: 'UTC' });

const unlessNull =
  (format: (value: number) => string) =>
  (value: number | null | undefined): string =>
    value === null || value === undefined ? none : format(value);

/** Each returns a dash for a number that is unknown. */
export const formatWhole = unlessNull((value) => whole.format(value));
export const formatTenths = unlessNull((value) => tenths.format(value));
/** `value` is a ratio: 0.5 is 50 %. */
export const formatPercent = unlessNull((value) => percent.format(value));
/** As a percentage with its sign. */
export const formatChange = unlessNull((value) => change.format(value));

export const formatDay = (day: Day): string => fullDay.format(Date.parse(day));
export const formatDayAndMonth = (day: Day): string => dayAndMonth.format(Date.parse(day));
export const formatWeekdayAndDay = (day: Day): string => weekdayAndDay.format(Date.parse(day));
export const formatMonth = (day: Day): string => month.format(Date.parse(day));

/** The date and time of an instant in a time zone; by default, the browser's. */
export function formatInstant(instant: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    ...(timeZone ? { timeZone } : {}),
  }).format(Date.parse(instant));
}

/** The browser's time zone. */
export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** As `formatInstant`, with the name of the zone: for a sentence without a note of the zone near it. */
export function formatZonedInstant(instant: string, timeZone = browserZone()): string {
  return texts.inZone(formatInstant(instant, timeZone), timeZone);
}

/** The time of day of an instant in a time zone, with seconds if `seconds` says so. */
export function formatTime(instant: string, timeZone: string, { seconds = false } = {}): string {
  return new Intl.DateTimeFormat(language, { timeStyle: seconds ? 'medium' : 'short', timeZone }).format(
    Date.parse(instant),
  );
}
