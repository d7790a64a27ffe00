import type { UserIdentity } from '../store/directory/users.ts';
import { type Refusal, refuse } from './refusal-causes.ts';

/** A member of an event that may name a user, and the look-up of its text. */
interface Naming {
  member: string;
  text: string | null | undefined;
  find(text: string): UserIdentity | undefined;
}

/**
 * Returns the active user that an event names by id, by name, or by both when they agree. Returns undefined when the
 * event names no user. `notFound` is the message for an identifier that matches no user.
 */
export function classifyNamedUser(
  namings: [byId: Naming, byName: Naming],
  notFound: string,
): UserIdentity | Refusal | undefined {
  const [byId, byName] = namings;
  const first = byId.text == null ? byName : byId;
  if (first.text == null) return undefined;
  const found = first.find(first.text);
  if (first === byName || byName.text == null) {
    return found ?? refuse('unknownUser', `${first.member}: ${notFound}`);
  }
  const named = byName.find(byName.text);
  if (!found && !named) return refuse('unknownUser', `${first.member}: ${notFound}`);
  if (found?.userId !== named?.userId) {
    return refuse('differentUsers', `${byId.member} and ${byName.member} are not the same active user`);
  }
  return found;
}
