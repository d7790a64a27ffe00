import type { Tx } from '../connections/db.ts';
import type { Status } from '../directory/nodes.ts';
import type { LeaveType } from './leaves.ts';

/** A profile lists at most so many cards, groups, desks and leaves each. */
export const MOST_OF_EACH = 100;

export interface ProfileCard {
  cardNumber: string;
  facilityCode: string;
  credentialType: string;
  active: boolean;
}

export interface ProfileGroup {
  groupId: string;
  groupName: string;
  groupType: string;
  /** The primary group of the user. */
  primary: boolean;
}

export interface ProfileDesk {
  deskId: string;
  deskName: string;
  zoneName: string;
  levelName: string;
  locationName: string;
  status: Status;
}

export interface ProfileLeave {
  /** `YYYY-MM-DD`, as is `endDate`. */
  startDate: string;
  endDate: string;
  leaveType: LeaveType | null;
}

/** A user with what belongs to them. */
export interface UserProfileRow {
  userId: string;
  userName: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  status: Status;
  primaryLocationId: string | null;
  primaryLocationName: string | null;
  /** IANA name: of the primary location, else of the organisation. */
  timeZone: string;
  /** The primary group first. */
  groups: ProfileGroup[];
  /** Active ones first. */
  cards: ProfileCard[];
  assignedDesks: ProfileDesk[];
  /** The latest first. */
  leaves: ProfileLeave[];
}

/** The profile of a user. Undefined if there is no such user. It reads rows of this user by indexes only. */
export async function findUserProfile(
  tx: Tx,
  tenantId: string,
  userId: string,
): Promise<UserProfileRow | undefined> {
  const list = (columns: string, from: string, order: string) =>
    `(SELECT coalesce(json_agg(x ORDER BY ${order}), '[]')
      FROM (SELECT ${columns} FROM ${from} ORDER BY ${order} LIMIT ${MOST_OF_EACH}) AS x)`;
  const { rows } = await tx.query<UserProfileRow>(
    `SELECT u.user_id AS "userId", u.user_name AS "userName", u.email, u.first_name AS "firstName",
            u.last_name AS "lastName", u.status, u.primary_location_id AS "primaryLocationId",
            o.name AS "primaryLocationName",
            coalesce(o.unknown_time_zone, o.time_zone, organisation.time_zone) AS "timeZone",
            ${list(
              `g.group_id AS "groupId", g.name AS "groupName", g.group_type AS "groupType",
               g.group_id IS NOT DISTINCT FROM u.primary_group_id AS "primary"`,
              `(SELECT m.group_id FROM group_members m WHERE m.tenant_id = $1 AND m.user_id = $2
                UNION SELECT u.primary_group_id WHERE u.primary_group_id IS NOT NULL) AS own
               JOIN groups g ON g.tenant_id = $1 AND g.group_id = own.group_id AND g.status = 'active'`,
              '"primary" DESC, "groupType", "groupName", "groupId"',
            )} AS groups,
            ${list(
              `c.card_number AS "cardNumber", c.facility_code AS "facilityCode", c.credential_type AS "credentialType", c.active`,
              'access_credentials c WHERE c.tenant_id = $1 AND c.user_id = $2',
              'active DESC, "cardNumber", "facilityCode"',
            )} AS cards,
            ${list(
              `p.place_id AS "deskId", p.place_name AS "deskName", p.zone_name AS "zoneName", p.level_name AS "levelName",
               p.location_name AS "locationName", p.status`,
              `desk_assignments a JOIN node_paths p ON p.tenant_id = $1 AND p.node_id = a.place_id
               WHERE a.tenant_id = $1 AND a.user_id = $2`,
              '"locationName", "deskName", "deskId"',
            )} AS "assignedDesks",
            ${list(
              'l.start_day AS "startDate", l.end_day AS "endDate", l.leave_type AS "leaveType", l.leave_id AS "leaveId"',
              'leaves l WHERE l.tenant_id = $1 AND l.user_id = $2',
              '"endDate" DESC, "startDate" DESC, "leaveId"',
            )} AS leaves
     FROM users u
     CROSS JOIN current_organisation() AS organisation
     LEFT JOIN nodes o ON o.tenant_id = u.tenant_id AND o.node_id = u.primary_location_id
     WHERE u.tenant_id = $1 AND u.user_id = $2 AND u.pseudonym_year IS NULL`,
    [tenantId, userId],
  );
  return rows[0];
}
