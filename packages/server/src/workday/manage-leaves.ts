import { type Static, Type } from 'typebox';
import { HttpProblem, malformedMember } from '../http/errors.ts';
import { Maybe } from '../http/schema.ts';
import { quote } from '../http/text.ts';
import { DATE_FORMS, NO_DATE, parseDay } from '../http/window.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database } from '../store/connections/db.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import { LEAVE_TYPES, type LeaveRow, type LeaveType, listLeaves } from '../store/workday/leaves.ts';
import { type LeaveChange, writeLeaves } from './leave.ts';
import { type DayRange, dayRangeFault } from './leave-dates.ts';
import { lockUserDays } from './lock-user-days.ts';
import { noUser } from './manage-days.ts';

const LeaveView = Type.Object({
  startDate: Type.String({ description: 'YYYY-MM-DD' }),
  endDate: Type.String({ description: 'YYYY-MM-DD, inclusive' }),
  leaveType: Type.Union([Type.Enum(LEAVE_TYPES), Type.Null()]),
});
export const LeavesView = Type.Array(LeaveView, { description: "all of the user's leave, by its first day" });
type LeavesView = Static<typeof LeavesView>;

export const LeaveRange = {
  startDate: Type.String({ description: `first day: ${DATE_FORMS}` }),
  endDate: Type.String({ description: 'last day, inclusive' }),
};
export const LeaveBody = Type.Object({
  ...LeaveRange,
  leaveType: Maybe(Type.String({ description: LEAVE_TYPES.join(', ') })),
});

/** A fault of a member, as the request has it: in its body or in its query. */
type Refuse = (member: string, fault: string) => HttpProblem;

/** The days of a request. Throws a 400 that names the member. */
export function readLeaveRange(asked: { startDate: string; endDate: string }, refuse: Refuse): DayRange {
  const dayOf = (member: 'startDate' | 'endDate') => {
    const day = parseDay(asked[member]);
    if (day === undefined) throw refuse(member, `${quote(asked[member])} ${NO_DATE}`);
    return day;
  };
  const range = { startDay: dayOf('startDate'), endDay: dayOf('endDate') };
  const fault = dayRangeFault(range);
  if (fault) throw refuse(fault.member, fault.fault);
  return range;
}

/** The type of a leave; null if the body has none. Throws a 400. */
export function readLeaveType(text: string | null | undefined): LeaveType | null {
  if (text == null) return null;
  const type = LEAVE_TYPES.find((each) => each === text);
  if (type === undefined) throw malformedMember('leaveType', `must be one of ${LEAVE_TYPES.join(', ')}`);
  return type;
}

/** Schedules or cancels leave of one user, and returns all leave of the user. Throws a 404 or 409. */
export function changeLeave(
  database: Database,
  tenantId: string,
  change: LeaveChange,
  author: DayAuthor,
): Promise<LeavesView> {
  const { userId } = change;
  return inTenantWithRetries(database, tenantId, async (tx) => {
    const status = (await lockUserDays(tx, tenantId, [userId])).get(userId);
    if (status === undefined) throw noUser(userId);
    if (status === 'inactive') throw new HttpProblem(409, `The user ${quote(userId)} is inactive.`);
    await writeLeaves(tx, tenantId, [change], author);
    return (await listLeaves(tx, tenantId, [userId])).map(viewLeave);
  });
}

function viewLeave({ startDay, endDay, leaveType }: LeaveRow): LeavesView[number] {
  return { startDate: startDay, endDate: endDay, leaveType };
}
