import type { NewAuditEntry } from '../../store/audit/entries.ts';
import type { AuditAction, AuditMetadata } from './actions.ts';
import { type AuditEvent, commonContext, toEntry } from './entry.ts';

/** Repetitions within this time become one entry with their count. */
const WINDOW_MS = 60_000;

/** The actions that are counted. */
export type CountedAction = {
  [Action in AuditAction]: AuditMetadata<Action> extends { count: number } ? Action : never;
}[AuditAction];

/** An event of an organisation, in milliseconds since the epoch. */
export interface NotedEvent {
  tenantId: string;
  event: AuditEvent;
  atMs: number;
}

/** Repetitions of an event since its last entry. */
interface Repeated {
  tenantId: string;
  sinceMs: number;
  lastMs: number;
  /** All of them together. Undefined before the first one. */
  further: AuditEvent | undefined;
}

/**
 * Events that may come thousands of times. The first one is an entry at once. Those of each following minute are one entry
 * together, when the minute is over, until a minute has none.
 */
export class Repetitions {
  readonly #keep: (tenantId: string, entry: NewAuditEntry) => void;
  readonly #repeated = new Map<string, Repeated>();

  constructor(keep: (tenantId: string, entry: NewAuditEntry) => void) {
    this.#keep = keep;
  }

  /** Counts an event, whose metadata has its count. Those of an actor with the same action and `alike` are repetitions. */
  note({ tenantId, event, atMs }: NotedEvent, alike: unknown): void {
    const { action, actor } = event;
    const key = JSON.stringify([tenantId, action, actor?.kind, actor?.reference, alike]);
    const repeated = this.#repeated.get(key);
    if (repeated) {
      repeated.further = repeated.further ? together(repeated.further, event) : event;
      repeated.lastMs = atMs;
      return;
    }
    this.#repeated.set(key, { tenantId, sinceMs: atMs, lastMs: atMs, further: undefined });
    this.#keep(tenantId, toEntry(event, atMs));
  }

  /** Ends the minutes that began before `nowMs - 60 s`. */
  end(nowMs: number): void {
    for (const [key, repeated] of this.#repeated) {
      if (repeated.sinceMs > nowMs - WINDOW_MS) continue;
      const { tenantId, lastMs, further } = repeated;
      if (further) {
        this.#keep(tenantId, toEntry(further, lastMs));
        this.#repeated.set(key, { ...repeated, sinceMs: nowMs, further: undefined });
      } else this.#repeated.delete(key);
    }
  }
}

/** Two events as one: with what their contexts and filters have in common, and the sums of their numbers. */
function together(one: AuditEvent, other: AuditEvent): AuditEvent {
  const [before, after] = [one.metadata as Numbers, other.metadata as Numbers];
  const metadata = { ...after, count: (before.count ?? 1) + (after.count ?? 1) };
  if (before.rows != null && after.rows != null) metadata.rows = before.rows + after.rows;
  if (before.filters && after.filters) metadata.filters = commonOf(before.filters, after.filters);
  return { ...other, context: commonContext(one.context, other.context), metadata } as AuditEvent;
}

/** The members of metadata that repetitions may have differently. */
interface Numbers {
  count?: number;
  rows?: number | null;
  filters?: Record<string, string>;
}

function commonOf(one: Record<string, string>, other: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(one).filter(([name, value]) => other[name] === value));
}
