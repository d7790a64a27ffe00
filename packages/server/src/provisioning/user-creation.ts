import { randomUUID } from 'node:crypto';
import { nameOfDeleted } from '../directory/user-writer.ts';
import { quote } from '../directory/values.ts';
import type { Tx } from '../store/connections/db.ts';
import { listUsersLike, type WritableUser } from '../store/directory/users.ts';
import { fold } from '../store/values/fold.ts';
import { taken } from './errors.ts';
import type { UserInput } from './user-resource.ts';

export type RequestedUser = UserInput & { active: boolean };

/**
 * The users with these ids, those who have the userNames or addresses of the requested users, and deleted users with
 * their externalIds. The last deleted comes first.
 */
export async function listNamesakes(
  tx: Tx,
  tenantId: string,
  wanted: RequestedUser[],
  userIds: string[] = [],
): Promise<WritableUser[]> {
  return listUsersLike(tx, tenantId, {
    userIds,
    namesFolded: wanted.map(({ userName }) => fold(userName)),
    emails: wanted.flatMap(({ email }) => email ?? []),
    externalIds: wanted.flatMap(({ externalId }) => externalId ?? []),
  });
}

/** The users who have the requested userNames and e-mail addresses. Deleted users count as having none, unless they are being erased. */
export class UniquenessIndex {
  readonly #byName = new Map<string, string>();
  readonly #byEmail = new Map<string, string>();

  constructor(namesakes: readonly WritableUser[], erased: ReadonlySet<string> = new Set()) {
    for (const { userId, userNameFolded, email, status, deprovisioned } of namesakes)
      if (!deprovisioned || erased.has(userId))
        this.#add(userId, userNameFolded, status === 'active' ? email : null);
  }

  /** Adds a user who is about to be written. */
  add(userId: string, { userName, email, active }: RequestedUser): void {
    this.#add(userId, fold(userName), active ? email : null);
  }

  withName(userName: string): string | undefined {
    return this.#byName.get(fold(userName));
  }

  withEmail(email: string): string | undefined {
    return this.#byEmail.get(email);
  }

  #add(userId: string, userNameFolded: string, email: string | null): void {
    this.#byName.set(userNameFolded, userId);
    if (email !== null) this.#byEmail.set(email, userId);
  }
}

/** Throws a 409 if a user other than `userId` has the userName, or the e-mail address of an active user. */
export function refuseTaken(
  holders: UniquenessIndex,
  userId: string | undefined,
  wanted: RequestedUser,
): void {
  const { userName, email, active } = wanted;
  const refuse = (member: string, value: string, holder: string | undefined) => {
    if (holder === undefined || holder === userId) return;
    throw taken(`${member} ${quote(value)} already belongs to user ${holder}.`);
  };
  refuse('userName', userName, holders.withName(userName));
  if (email !== null && active) refuse('email', email, holders.withEmail(email));
}

/** Decides for each user that an identity provider creates: a new user, or a returning one. */
export class UserCreation {
  /** Ids of the returning users. */
  readonly returning: string[] = [];
  readonly #holders: UniquenessIndex;
  /** Deleted users. The last deleted comes first. */
  readonly #deleted: WritableUser[];

  /** `namesakes` are those of all requested users (`listNamesakes`), and `erased` those of them who are being erased. */
  constructor(namesakes: readonly WritableUser[], erased: ReadonlySet<string>) {
    this.#holders = new UniquenessIndex(namesakes, erased);
    this.#deleted = namesakes.filter(({ userId, deprovisioned }) => deprovisioned && !erased.has(userId));
  }

  /** The id of a user to create. Throws a 409 if another user has the userName or the e-mail address. */
  admit(wanted: RequestedUser): string {
    refuseTaken(this.#holders, undefined, wanted);
    const former = this.#formerOf(wanted);
    const userId = former?.userId ?? randomUUID();
    if (former) {
      this.#deleted.splice(this.#deleted.indexOf(former), 1);
      this.returning.push(userId);
    }
    this.#holders.add(userId, wanted);
    return userId;
  }

  /**
   * The deleted user who returns: one with the same userName, and the same externalId unless one of the two has none.
   * With the same externalId, also one whose userName went to another user in the meantime.
   */
  #formerOf({ userName, externalId }: RequestedUser): WritableUser | undefined {
    const folded = fold(userName);
    const same = this.#deleted.find(
      (user) =>
        externalId !== null &&
        user.externalId === externalId &&
        [folded, fold(nameOfDeleted(userName, user.userId))].includes(user.userNameFolded),
    );
    if (same) return same;
    return this.#deleted.find(
      (user) => user.userNameFolded === folded && (externalId === null || user.externalId === null),
    );
  }
}
