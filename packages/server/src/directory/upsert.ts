import { ItemConflictError, ItemRefusedError, quote } from './values.ts';

/** An item that is not acceptable: the reason, naming the member and its value. */
export interface Refused {
  refused: string;
  /** It would be acceptable, but for how something else is now: who has the name or address that it asks for. */
  conflict?: true;
}

export interface Stored {
  /** Of what the item made, changed or left as it was. In lower case. */
  id: string;
  result: 'created' | 'updated' | 'unchanged';
}

/** What became of one item. */
export type UpsertResult = Stored | Refused;

/** What every item may say of itself. */
export interface UpsertItem {
  /** Where the item stands, as reasons about repeated items say it: `line 3`, `/items/2`. */
  origin?: string;
}

interface Claim {
  origin: string;
  idGiven: boolean;
}

/**
 * Which nodes or users the items so far stand for, so that a later item for the same one is noticed, be it in
 * another batch. What a batch claimed counts once `settle` is called, which is when its transaction has ended.
 */
export class Claims {
  readonly #settled = new Map<string, Claim>();
  readonly #open = new Map<string, Claim>();

  get(id: string): Claim | undefined {
    return this.#open.get(id) ?? this.#settled.get(id);
  }

  /**
   * Claims `subject` for the item at `origin`. A second item for the same subject may only repeat what the
   * first one said, without its id. Throws `Refusal`.
   */
  claim(
    subject: { id: string; idGiven: boolean; idMember: string; nameMember: string; name: string },
    { origin = 'an earlier item', changes }: { origin: string | undefined; changes: boolean },
  ): void {
    const earlier = this.get(subject.id);
    if (!earlier) {
      this.#open.set(subject.id, { origin, idGiven: subject.idGiven });
      return;
    }
    if (subject.idGiven && earlier.idGiven) {
      throw new ItemRefusedError(
        `${subject.idMember} ${quote(subject.id)} was already given in ${earlier.origin}`,
      );
    }
    if (changes) {
      throw new ItemRefusedError(
        `${subject.nameMember} ${quote(subject.name)} was already given in ${earlier.origin}, with other values`,
      );
    }
  }

  settle(): void {
    for (const [id, claim] of this.#open) this.#settled.set(id, claim);
    this.#open.clear();
  }

  discard(): void {
    this.#open.clear();
  }
}

/** The result of `work`, or the refusal that it threw. */
export function orRefused<T>(work: () => T): T | Refused {
  try {
    return work();
  } catch (error) {
    if (error instanceof ItemConflictError) return { refused: error.message, conflict: true };
    if (error instanceof ItemRefusedError) return { refused: error.message };
    throw error;
  }
}
