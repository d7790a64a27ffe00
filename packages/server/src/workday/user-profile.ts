import { type Static, Type } from 'typebox';
import type { Tx } from '../store/connections/db.ts';
import { LEAVE_TYPES, listCalendars } from '../store/workday/leaves.ts';
import { findUserProfile, MOST_OF_EACH } from '../store/workday/user-profile.ts';
import { viewWeek, WeekView } from './manage-week-plans.ts';
import { readWeekPlan, weekVersion } from './week-plan.ts';

const STATUS = Type.Enum(['active', 'inactive'] as const);
const OrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const atMost = (order: string) => ({ description: `${order}; at most ${MOST_OF_EACH}` });

/** A user with what belongs to them, as answers show it. */
export const UserProfile = Type.Object({
  userId: Type.String(),
  userName: Type.String(),
  email: OrNull('the e-mail address'),
  firstName: OrNull('the first name'),
  lastName: OrNull('the last name'),
  status: STATUS,
  primaryLocationId: OrNull('the primary location'),
  primaryLocationName: OrNull('its name'),
  timeZone: Type.String({ description: 'IANA name: of the primary location, else of the organisation' }),
  today: OrNull("YYYY-MM-DD: the user's date; earlier days cannot change. Null if the time zone is unknown"),
  horizon: OrNull('YYYY-MM-DD: the last day for which the server makes plans from the week plan'),
  weekPlan: WeekView,
  weekPlanVersion: Type.String({ description: 'changes with the week plan' }),
  groups: Type.Array(
    Type.Object({
      groupId: Type.String(),
      groupName: Type.String(),
      groupType: Type.String(),
      primary: Type.Boolean({ description: 'the primary group of the user' }),
    }),
    atMost('active groups, the primary one first'),
  ),
  cards: Type.Array(
    Type.Object({
      cardNumber: Type.String(),
      facilityCode: Type.String({ description: 'empty if the card has none' }),
      credentialType: Type.String(),
      active: Type.Boolean(),
    }),
    atMost('active ones first'),
  ),
  assignedDesks: Type.Array(
    Type.Object({
      deskId: Type.String(),
      deskName: Type.String(),
      zoneName: Type.String(),
      levelName: Type.String(),
      locationName: Type.String(),
      status: STATUS,
    }),
    atMost('by location and name'),
  ),
  leaves: Type.Array(
    Type.Object({
      startDate: Type.String({ description: 'YYYY-MM-DD' }),
      endDate: Type.String({ description: 'YYYY-MM-DD, inclusive' }),
      leaveType: Type.Union([Type.Enum(LEAVE_TYPES), Type.Null()]),
    }),
    atMost('the latest first'),
  ),
});
export type UserProfile = Static<typeof UserProfile>;

/** The profile of a user at `now`. Undefined if there is no such user. */
export async function readUserProfile(
  tx: Tx,
  tenantId: string,
  userId: string,
  now: Date,
): Promise<UserProfile | undefined> {
  const profile = await findUserProfile(tx, tenantId, userId);
  if (!profile) return undefined;
  const [calendar] = await listCalendars(tx, tenantId, [userId], now);
  const { today = null, horizon = null } = calendar ?? {};
  const week = await readWeekPlan(tx, tenantId, userId);
  return { ...profile, today, horizon, weekPlan: viewWeek(week), weekPlanVersion: weekVersion(week) };
}
