import type { NewAuditEntry } from '../../store/audit/entries.ts';
import type { AuditAction, AuditMetadata } from './actions.ts';
import { type AuditEvent, commonContext, toEntry } from './entry.ts';

/** Repetitions within this time become one entry with their count. */
const WINDOW_MS = 60_000;

/** The actions that are counted. */
export type CountedAction = {
  [Action in AuditAction]: AuditMetadata<Action> extends { count: number } ? Action : never;
}[AuditAction];

/** Repetitions of an event since its last entry. */
interface Repeated {
  tenantId: string;
  sinceMs: number;
  lastMs: number;
  /** With the context that they have in common. Undefined before the first one. */
  further: AuditEvent | undefined;
  count: number;
}

/**
 * Events that may come thousands of times. The first one is an entry at once. Those of the following minute are one entry
 * together, when the minute is over.
 */
export class Repetitions {
  readonly #keep: (tenantId: string, entry: NewAuditEntry) => void;
  readonly #repeated = new Map<string, Repeated>();

  constructor(keep: (tenantId: string, entry: NewAuditEntry) => void) {
    this.#keep = keep;
  }

  /** Counts an event, whose metadata has its count. Events with the same `kind` are repetitions. */
  note(kind: string, { tenantId, event, atMs }: { tenantId: string; event: AuditEvent; atMs: number }): void {
    const key = `${tenantId} ${kind}`;
    const repeated = this.#repeated.get(key);
    if (repeated) {
      const { further } = repeated;
      const context = further ? commonContext(further.context, event.context) : event.context;
      repeated.further = { ...event, context };
      repeated.count += countOf(event);
      repeated.lastMs = atMs;
      return;
    }
    this.#repeated.set(key, { tenantId, sinceMs: atMs, lastMs: atMs, further: undefined, count: 0 });
    this.#keep(tenantId, toEntry(event, atMs));
  }

  /** Ends the minutes that began before `nowMs - 60 s`. */
  end(nowMs: number): void {
    for (const [key, { tenantId, sinceMs, lastMs, further, count }] of this.#repeated) {
      if (sinceMs > nowMs - WINDOW_MS) continue;
      this.#repeated.delete(key);
      if (!further) continue;
      const counted = { ...further, metadata: { ...further.metadata, count } } as AuditEvent;
      this.#keep(tenantId, toEntry(counted, lastMs));
    }
  }
}

function countOf({ metadata }: AuditEvent): number {
  return 'count' in metadata ? metadata.count : 1;
}
