/** Days from `from` until before `before`, both `YYYY-MM-DD`. */
export interface DayWindow {
  from: string;
  before: string;
}

/** As PostgreSQL understands them; there are no days to go through one by one. */
export const ALL_DAYS: DayWindow = { from: '-infinity', before: 'infinity' };
