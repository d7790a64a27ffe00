import { Type } from 'typebox';
import { Maybe } from '../http/schema.ts';
import { quote, textFault } from '../http/text.ts';
import type { Tx } from '../store/connections/db.ts';
import { loadUserMatcher } from '../store/directory/directory-look-up.ts';
import type { UserMatcher } from '../store/directory/user-matcher.ts';
import { parseGuid } from '../store/values/guid.ts';
import { notAcceptable, type RequestRefusal } from './day-requests.ts';

/** The members by which an item names its user: one of them, or both if they agree. */
export const UserReferenceMembers = {
  userId: Maybe(Type.String()),
  userName: Maybe(
    Type.String({
      description:
        'instead of userId: exact e-mail, else exact userName, else the only active user that differs by case',
    }),
  ),
};

export interface UserReference {
  userId?: string | null;
  userName?: string | null;
}

type UserResolution = { userId: string } | RequestRefusal;

/** The users whom these items name, in their order. It does not check that an id exists. */
export async function resolveUsers(
  tx: Tx,
  tenantId: string,
  items: UserReference[],
): Promise<UserResolution[]> {
  const names = items.flatMap(({ userName }) => (userName == null || textFault(userName) ? [] : [userName]));
  const matcher = await loadUserMatcher(tx, tenantId, names);
  return items.map((item) => findPerson(item, matcher));
}

function findPerson({ userId, userName }: UserReference, matcher: UserMatcher): UserResolution {
  const byId = userId == null ? undefined : parseGuid(userId);
  if (userId != null && byId === undefined) return notAcceptable('/userId', `${quote(userId)} is not a GUID`);
  if (userName == null) {
    return byId === undefined ? notAcceptable('/userId', 'is missing, and so is userName') : { userId: byId };
  }
  const fault = textFault(userName);
  if (fault) return notAcceptable('/userName', `${quote(userName)} ${fault}`);
  const match = matcher.match(userName);
  if (!('userId' in match)) {
    const message =
      match.candidates === 0
        ? `No active user matches userName ${quote(userName)}.`
        : `${match.candidates} active users match userName ${quote(userName)} without regard to case, and none exactly.`;
    return { refused: 'unknown-user', message };
  }
  if (byId !== undefined && byId !== match.userId) {
    return notAcceptable('/userName', `${quote(userName)} is not the user with the userId`);
  }
  return { userId: match.userId };
}
