import { fold } from '../values/fold.ts';
import type { FoldedIdentity, UserIdentity } from './users.ts';

/** The active user whom a text means; else how many could be meant, none or several. */
export type Match = UserIdentity | { candidates: number };

/** The active users that a batch of texts can mean. */
export class UserMatcher {
  readonly #byEmail = new Map<string, FoldedIdentity>();
  readonly #byUserName = new Map<string, FoldedIdentity>();
  readonly #byFolded = new Map<string, Set<FoldedIdentity>>();

  /** All whose folded e-mail or userName is one of those that are asked for. */
  constructor(users: FoldedIdentity[]) {
    for (const user of users) {
      this.#byUserName.set(user.userName, user);
      this.#addFolded(user.userNameFolded, user);
      if (user.email !== null) this.#byEmail.set(user.email, user);
      if (user.emailFolded !== null) this.#addFolded(user.emailFolded, user);
    }
  }

  /** By exact e-mail, else by exact userName, else by either without regard to case where only one person fits. */
  match(text: string): Match {
    const exact = this.#byEmail.get(text) ?? this.#byUserName.get(text);
    if (exact) return exact;
    const [first, ...others] = this.#byFolded.get(fold(text)) ?? [];
    return first && others.length === 0 ? first : { candidates: first ? 1 + others.length : 0 };
  }

  #addFolded(folded: string, user: FoldedIdentity): void {
    const users = this.#byFolded.get(folded) ?? new Set();
    this.#byFolded.set(folded, users.add(user));
  }
}
