/** Days from `from` up to, but not including, `before`. Both are `YYYY-MM-DD`. */
export interface DayWindow {
  from: string;
  before: string;
}

/** All days, as PostgreSQL understands them. Code cannot iterate over them. */
export const ALL_DAYS: DayWindow = { from: '-infinity', before: 'infinity' };
