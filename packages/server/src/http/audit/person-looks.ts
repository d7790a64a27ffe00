import type { AuditContext, AuditSubject, NewAuditEntry } from '../../store/audit/entries.ts';
import { commonContext, MOST_TARGETS, toEntry } from './entry.ts';
import type { Repetitions } from './repetitions.ts';

/** People of a minute with entries of their own. */
const MOST_ALONE = 20;
const WINDOW_MS = 60_000;

/** A look at people. */
export interface PersonLook {
  tenantId: string;
  actor: AuditSubject;
  context: AuditContext;
  /** The operation. */
  view: string;
  people: readonly AuditSubject[];
  atMs: number;
}

/** Looks at further people, which become one entry. */
interface Together {
  look: PersonLook;
  people: Map<string, AuditSubject>;
  count: number;
}

/** A minute of a caller. It begins with a look. */
interface Minute {
  sinceMs: number;
  alone: Set<string>;
  /** By operation. */
  further: Map<string, Together>;
}

interface Deps {
  repetitions: Repetitions;
  keep: (tenantId: string, entry: NewAuditEntry) => void;
}

/**
 * Looks at people. The first people of a caller's minute have entries of their own. Further ones share entries, so that a
 * program that looks at everybody makes few of them. Each look names its people. A caller keeps at most `MOST_ALONE` people
 * in memory, and fewer than `MOST_TARGETS` for each operation.
 */
export class PersonLooks {
  readonly #deps: Deps;
  readonly #minutes = new Map<string, Minute>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  note(look: PersonLook): void {
    const minute = this.#minuteOf(look);
    for (const { reference } of look.people) if (minute.alone.size < MOST_ALONE) minute.alone.add(reference);
    if (look.people.every(({ reference }) => minute.alone.has(reference))) this.#noteAlone(look);
    else this.#noteTogether(look, minute);
  }

  /** Ends the minutes that are over. */
  end(nowMs: number): void {
    for (const [caller, minute] of this.#minutes) {
      if (!isOver(minute, nowMs)) continue;
      this.#minutes.delete(caller);
      for (const together of minute.further.values()) this.#keep(together);
    }
  }

  #minuteOf({ tenantId, actor, atMs }: PersonLook): Minute {
    const caller = `${tenantId} ${actor.kind} ${actor.reference}`;
    const running = this.#minutes.get(caller);
    if (running && isOver(running, atMs)) this.end(atMs);
    const minute = this.#minutes.get(caller) ?? { sinceMs: atMs, alone: new Set(), further: new Map() };
    this.#minutes.set(caller, minute);
    return minute;
  }

  #noteAlone({ tenantId, actor, context, view, people: targets, atMs }: PersonLook): void {
    const event = { action: 'person.viewed', actor, targets, context, metadata: { view, count: 1 } } as const;
    this.#deps.repetitions.note({ tenantId, event, atMs }, [targets, view]);
  }

  #noteTogether(look: PersonLook, { further }: Minute): void {
    const { view, people } = look;
    let together: Together | undefined;
    for (const person of people) {
      together ??= add(further.get(view), look);
      together.people.set(person.reference, person);
      further.set(view, together);
      if (together.people.size < MOST_TARGETS) continue;
      this.#keep(together);
      further.delete(view);
      together = undefined;
    }
  }

  #keep({ look: { tenantId, actor, context, view, atMs }, people, count }: Together): void {
    const event = { action: 'person.viewed', actor, context, metadata: { view, count } } as const;
    this.#deps.keep(tenantId, toEntry({ ...event, targets: [...people.values()] }, atMs));
  }
}

/** Counts a look among those before it. */
function add(before: Together | undefined, look: PersonLook): Together {
  if (!before) return { look, people: new Map(), count: 1 };
  const context = commonContext(before.look.context, look.context);
  return { ...before, look: { ...look, context }, count: before.count + 1 };
}

/** The clock may have been set back. */
function isOver({ sinceMs }: Minute, nowMs: number): boolean {
  return nowMs < sinceMs || nowMs >= sinceMs + WINDOW_MS;
}
