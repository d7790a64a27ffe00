import type { UserIdentity } from '../store/users.ts';
import { RESULT, type Refusal, refuse } from './results.ts';

/** A member of an event that may name a person, and how such a text is looked up. */
interface Naming {
  member: string;
  text: string | null | undefined;
  find(text: string): UserIdentity | undefined;
}

/**
 * The active user that an event names by id, by name, or by both when they agree; undefined when it names
 * nobody. `notFound` says of what was given that it leads to nobody.
 */
export function classifyPerson(
  namings: [byId: Naming, byName: Naming],
  notFound: string,
): UserIdentity | Refusal | undefined {
  const given = namings.flatMap(({ member, text, find }) =>
    text == null ? [] : [{ member, user: find(text) }],
  );
  const [first, second] = given;
  if (!first) return undefined;
  const user = first.user ?? second?.user;
  if (!user) return refuse(RESULT.userNotFound, `${first.member}: ${notFound}`);
  if (second && first.user?.userId !== second.user?.userId) {
    return refuse(RESULT.notAcceptable, `${first.member} and ${second.member} are not the same active user`);
  }
  return user;
}
