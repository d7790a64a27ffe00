import { ItemConflictError, ItemRefusedError, quote } from './values.ts';

/** The refusal of an item: the reason, with the member and its value. */
export interface Refused {
  refused: string;
  /** The item conflicts with the current state: another one has the name or address that it asks for. */
  conflict?: true;
}

export interface Stored {
  /** The id of the thing that the item created, updated or left unchanged. In lower case. */
  id: string;
  result: 'created' | 'updated' | 'unchanged';
}

/** The result of one item. */
export type UpsertResult = Stored | Refused;

/** Members that every item may have. */
export interface UpsertItem {
  /** Where the item comes from, as refusals of repeated items say it: `line 3`, `/items/2`. */
  origin?: string;
}

interface Claim {
  origin: string;
  idGiven: boolean;
}

/**
 * The nodes or users of the items so far. They show when a later item is for the same one, in this batch or a
 * later one. The claims of a batch count for later batches after `settle`, once the batch
 * is stored.
 */
export class Claims {
  readonly #settled = new Map<string, Claim>();
  readonly #open = new Map<string, Claim>();

  get(id: string): Claim | undefined {
    return this.#open.get(id) ?? this.#settled.get(id);
  }

  /**
   * Claims `subject` for the item at `origin`. A second item for the same subject may only repeat the values of
   * the first, and only one of the two may give the id. Throws `ItemRefusedError`.
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

/** The result of `work`; or, if it throws `ItemRefusedError`, the refusal. */
export function orRefused<T>(work: () => T): T | Refused {
  try {
    return work();
  } catch (error) {
    if (error instanceof ItemConflictError) return { refused: error.message, conflict: true };
    if (error instanceof ItemRefusedError) return { refused: error.message };
    throw error;
  }
}
