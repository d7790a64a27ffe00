import { ConflictError } from '@rollcall/sdk';
import type { Placement, Plan } from '../plan.ts';
import { change, type Editor, editorOf } from './editor.ts';

/** A draft as the server has it. */
export interface StoredDraft extends Plan {
  /** The version of the published plan that it began with. */
  basedOn: number | null;
  changedAt: string;
  changedBy: string | null;
}

export interface VersionedDraft {
  row: StoredDraft;
  version: string;
}

/** How the session reaches the server. */
export interface DraftCalls {
  /** Stores a draft over this version; the first one over null, with the version of the published plan that it began with. */
  store: (plan: Plan, version: string | null, basedOn: number | null) => Promise<VersionedDraft>;
  /** Null if there is no draft. */
  read: () => Promise<VersionedDraft | null>;
}

/** Whether the server has what is on the screen. */
export type StoreState =
  | { kind: 'stored' | 'waiting' | 'storing' }
  | { kind: 'failed'; error: unknown }
  /** Somebody else stored a draft meanwhile; null if it was published or discarded. */
  | { kind: 'conflict'; theirs: VersionedDraft | null };

export interface SessionState {
  editor: Editor;
  store: StoreState;
  basedOn: StoredDraft['basedOn'];
}

/** After a change, the session waits for the next one for so long. */
const PAUSE_MS = 500;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;

/**
 * A draft that somebody edits. It stores each change soon, and tries again while that fails. It lives on when the page is
 * left, until the server has everything.
 */
export class DraftSession {
  readonly #calls: DraftCalls;
  readonly #listeners = new Set<() => void>();
  #state: SessionState;
  #version: string | null;
  /** What the server has, as far as the session knows. */
  #stored: Plan;
  /** What was sent last, which the server may have without its answer having come. */
  #sent: Plan | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  #retryMs = FIRST_RETRY_MS;
  /** The last try to store it failed. */
  #hasFailed = false;

  constructor(calls: DraftCalls, { row, version }: VersionedDraft) {
    this.#calls = calls;
    this.#stored = planOf(row);
    this.#version = version;
    this.#state = { editor: editorOf(this.#stored), store: { kind: 'stored' }, basedOn: row.basedOn };
  }

  state = (): SessionState => this.#state;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The version of the draft that the server has. */
  get version(): string | null {
    return this.#version;
  }

  get isStored(): boolean {
    return this.#state.store.kind === 'stored';
  }

  /** Whether changes may be lost if the person goes away, because the server did not take them so far. */
  get isInDanger(): boolean {
    return !this.isStored && (this.#hasFailed || this.#state.store.kind === 'conflict');
  }

  /** Changes the editor. A change of its plan is stored soon. */
  update = (next: (editor: Editor) => Editor): void => {
    const before = this.#state.editor;
    const editor = next(before);
    if (editor === before) return;
    this.#set({ editor });
    if (editor.plan === before.plan) return;
    const { kind } = this.#state.store;
    if (kind === 'conflict') return;
    if (kind !== 'storing') this.#set({ store: { kind: 'waiting' } });
    this.#storeIn(PAUSE_MS);
  };

  /** Stores what is not stored yet. Resolves when that has succeeded or failed. */
  flush = async (): Promise<boolean> => {
    clearTimeout(this.#timer);
    if (this.#state.store.kind !== 'conflict') await this.#store();
    return this.isStored;
  };

  /** Stores the own plan over that of somebody else. */
  keepMine = async (): Promise<void> => {
    const { store } = this.#state;
    if (store.kind !== 'conflict') return;
    this.#version = store.theirs?.version ?? null;
    this.#set({ store: { kind: 'waiting' } });
    await this.#store(true);
  };

  /** Goes on with the plan of somebody else. Undo brings the own one back. */
  takeTheirs = (): void => {
    const { store, editor } = this.#state;
    if (store.kind !== 'conflict' || !store.theirs) return;
    const { row, version } = store.theirs;
    this.#stored = planOf(row);
    this.#version = version;
    this.#set({ editor: change(editor, this.#stored), store: { kind: 'stored' }, basedOn: row.basedOn });
  };

  /** Stores nothing any more: the draft is published or discarded, or its person has signed out. */
  end = (): void => {
    clearTimeout(this.#timer);
    this.#stored = this.#state.editor.plan;
    this.#set({ store: { kind: 'stored' } });
  };

  /** Looks for a draft of somebody else, after the server refused something because of it. */
  meetOther = async (): Promise<void> => {
    const theirs = await this.#calls.read();
    if (theirs && theirs.version === this.#version) return;
    this.#set({ store: { kind: 'conflict', theirs } });
  };

  #storeIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#store(), ms);
  }

  async #store(always = false): Promise<void> {
    await this.#running;
    if (!always && this.#state.editor.plan === this.#stored) {
      if (this.#state.store.kind !== 'conflict') this.#set({ store: { kind: 'stored' } });
      return;
    }
    this.#running = this.#send(this.#state.editor.plan);
    await this.#running;
    this.#running = undefined;
  }

  async #send(plan: Plan): Promise<void> {
    this.#set({ store: { kind: 'storing' } });
    const before = this.#sent;
    this.#sent = plan;
    try {
      this.#accept(plan, await this.#calls.store(plan, this.#version, this.#state.basedOn));
    } catch (error) {
      if (isOutdated(error)) await this.#resolve(plan, before);
      else this.#fail(error);
    }
  }

  #accept(plan: Plan, { row, version }: VersionedDraft): void {
    this.#stored = plan;
    this.#version = version;
    this.#retryMs = FIRST_RETRY_MS;
    this.#hasFailed = false;
    const isLast = this.#state.editor.plan === plan;
    this.#set({ store: { kind: isLast ? 'stored' : 'waiting' }, basedOn: row.basedOn });
    if (!isLast) this.#storeIn(PAUSE_MS);
  }

  /** Another version is there. It is the own one if only the answer to the last request was lost. */
  async #resolve(plan: Plan, before: Plan | undefined): Promise<void> {
    let theirs: VersionedDraft | null;
    try {
      theirs = await this.#calls.read();
    } catch (error) {
      this.#fail(error);
      return;
    }
    const own = theirs && [plan, before].find((each) => each && isSamePlan(each, planOf(theirs.row)));
    if (theirs && own === plan) {
      this.#accept(plan, theirs);
    } else if (theirs && own) {
      this.#version = theirs.version;
      await this.#send(plan);
    } else {
      this.#set({ store: { kind: 'conflict', theirs } });
    }
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.#set({ store: { kind: 'failed', error } });
    this.#storeIn(this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
  }

  /** The browser asks before it closes a page with changes that are not stored. */
  #warn = (event: Event): void => event.preventDefault();

  #set(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    if (this.isStored) globalThis.removeEventListener?.('beforeunload', this.#warn);
    else globalThis.addEventListener?.('beforeunload', this.#warn);
    for (const listener of this.#listeners) listener();
  }
}

function isOutdated(error: unknown): boolean {
  return error instanceof ConflictError && (error.status === 412 || error.status === 409);
}

/** The plan alone, as a request has it. */
export function planOf({ imageId, aspectRatio, placements }: Plan): Plan {
  return {
    imageId,
    aspectRatio,
    placements: placements.map(({ nodeId, x, y, width, height }) => ({ nodeId, x, y, width, height })),
  };
}

function isSamePlan(a: Plan, b: Plan): boolean {
  const textOf = ({ placements, ...rest }: Plan) =>
    JSON.stringify([
      rest.imageId,
      rest.aspectRatio,
      placements
        .map(({ nodeId, x, y, width, height }: Placement) => [nodeId, x, y, width, height])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    ]);
  return textOf(a) === textOf(b);
}
