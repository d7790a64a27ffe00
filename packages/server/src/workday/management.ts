export { authorOf, CONFIG, DOCUMENTED } from '../auth/management.ts';

import { Type } from 'typebox';
import { wrongParameter } from '../http/bulk.ts';
import { HttpProblem } from '../http/errors.ts';
import { quote, textFault } from '../http/text.ts';
import { DATE_FORMS, NO_DATE, parseDay } from '../http/window.ts';
import type { Database } from '../store/connections/db.ts';
import { parseGuid } from '../store/values/guid.ts';

export interface WorkdayRoutesOptions {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

export const UserPath = Type.Object({ userId: Type.String() });
export const DayPath = Type.Object({ userId: Type.String(), day: Type.String({ description: DATE_FORMS }) });
export const Why = {
  reason: Type.Optional(Type.String({ description: 'the reason, which the action log records' })),
};

/** The user id of a path. Throws a 404 if it is not a GUID. */
export function userIdOf({ userId }: { userId: string }): string {
  const guid = parseGuid(userId);
  if (guid === undefined) throw new HttpProblem(404, `There is no user ${quote(userId)}.`);
  return guid;
}

/** The user id and day of a path. Throws as `userIdOf` and `dayOf`. */
export function userDayOf(path: { userId: string; day: string }): { userId: string; day: string } {
  return { userId: userIdOf(path), day: dayOf(path) };
}

/** A parameter as a day, `YYYY-MM-DD`. Throws a 400. */
export function dayOf({ day: text }: { day: string }): string {
  const day = parseDay(text);
  if (day === undefined) throw wrongParameter('day', NO_DATE);
  return day;
}

/** The reason of a query; null if absent. Throws a 400 if it cannot be stored. */
export function reasonOf({ reason }: { reason?: string }): string | null {
  if (reason === undefined) return null;
  const fault = textFault(reason);
  if (fault) throw wrongParameter('reason', fault);
  return reason;
}
