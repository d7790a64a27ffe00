import { fold } from '../values/fold.ts';
import type { FoldedIdentity, UserIdentity } from './users.ts';

/** The active user that a text identifies. Otherwise the number of users that it could identify: none, or several. */
export type Match = UserIdentity | { candidates: number };

/** The active users that a batch of texts can identify. */
export class UserMatcher {
  readonly #byEmail = new Map<string, FoldedIdentity>();
  readonly #byUserName = new Map<string, FoldedIdentity>();
  readonly #byFolded = new Map<string, Set<FoldedIdentity>>();

  /** `users` are all users whose folded e-mail address or userName is one of the texts. */
  constructor(users: FoldedIdentity[]) {
    for (const user of users) {
      this.#byUserName.set(user.userName, user);
      this.#addFolded(user.userNameFolded, user);
      if (user.email !== null) this.#byEmail.set(user.email, user);
      if (user.emailFolded !== null) this.#addFolded(user.emailFolded, user);
    }
  }

  /**
   * Matches the exact e-mail address, else the exact userName. Else it ignores case, and exactly one user
   * must fit.
   */
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
