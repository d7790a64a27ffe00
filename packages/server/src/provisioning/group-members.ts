import type { MemberChange } from '../store/provisioning/provisioned-groups.ts';
import { attributeOf, isDocument } from './document.ts';
import { wrong } from './errors.ts';
import type { Filter } from './filter.ts';
import { parseId } from './ids.ts';

/** The ids in a value of `members`: an object with `value`, a bare id, or a list of them. Throws a 400. */
export function readMembers(value: unknown): string[] {
  const ids = (value === '' ? [] : [value ?? []].flat()).map((member) => {
    const given = isDocument(member) ? attributeOf(member, 'value') : member;
    const id = typeof given === 'string' ? parseId(given) : undefined;
    if (id === undefined)
      throw wrong('invalidValue', 'members: each member needs the id of a user as its value.');
    return id;
  });
  return [...new Set(ids)];
}

/** The ids that a filter such as `value eq "…" or value eq "…"` selects. Throws a 400. */
export function filteredMembers(filter: Filter): string[] {
  return filter.flatMap((terms) => {
    const [term, ...others] = terms;
    if (term?.attribute !== 'value' || term.operator !== 'eq' || others.length > 0) {
      throw wrong('invalidFilter', 'A filter selects a member by value eq "…", and several members by or.');
    }
    return parseId(String(term.value)) ?? [];
  });
}

/**
 * The net effect of several operations on a group's members: the ids to add, and the ids to remove or all members.
 * It does not need to know the present members.
 */
export class MemberChanges {
  readonly #added = new Set<string>();
  readonly #removed = new Set<string>();
  #all = false;

  add(ids: string[]): void {
    for (const id of ids) {
      this.#added.add(id);
      this.#removed.delete(id);
    }
  }

  remove(ids: string[]): void {
    for (const id of ids) {
      this.#added.delete(id);
      this.#removed.add(id);
    }
  }

  clear(): void {
    this.#added.clear();
    this.#removed.clear();
    this.#all = true;
  }

  /** Undefined if no operation changes members. */
  get change(): MemberChange | undefined {
    if (!this.#all && this.#added.size === 0 && this.#removed.size === 0) return undefined;
    return { added: [...this.#added], removed: this.#all ? 'all' : [...this.#removed] };
  }
}
