import {
  AuthenticationError,
  ConflictError,
  NetworkError,
  NotFoundError,
  RateLimitError,
  TimeoutError,
  TransferError,
  UnavailableError,
  ValidationError,
} from '@rollcall/sdk';
import { isOutdated } from '../../frame/versions.ts';
import type { Plan } from '../plan.ts';
import {
  aboutOf,
  type Base,
  type DraftCalls,
  isSameDraft,
  isSamePlan,
  NotStoredError,
  planOf,
  type SessionState,
  type UnstoredDraft,
  type VersionedDraft,
} from './draft.ts';
import { change, type Editor, editorOf, joined, withOthers, without } from './editor.ts';

/** After a change, the session waits for the next one for so long. */
const PAUSE_MS = 500;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;
/** Failures after which the same request may succeed. */
const TRANSIENT = [NetworkError, TimeoutError, TransferError, UnavailableError, RateLimitError];

/**
 * A draft that somebody edits. It stores each change soon, and tries again while that fails. It lives on when the page is
 * left, until the server has everything. It sends one request at a time.
 */
export class DraftSession {
  readonly #calls: DraftCalls;
  readonly #listeners = new Set<() => void>();
  #state: SessionState;
  #version: string | null;
  /** What the server has, as far as the session knows. Undefined if it has no draft. */
  #stored: Plan | undefined;
  /** What was sent since. The server may have one of these without its answer having come. */
  #sent: Plan[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #isOver = false;

  constructor(calls: DraftCalls, { row, version }: Base) {
    const stored = planOf(row);
    this.#calls = calls;
    this.#stored = stored;
    this.#version = version;
    this.#state = { editor: editorOf(stored), store: { kind: 'stored' }, ...aboutOf(row) };
  }

  /**
   * Goes on with what was not stored when the person had to sign in again.
   *
   * @param theirs the draft that the server has now; null if it has none
   */
  static resumed(
    calls: DraftCalls,
    { plan, sent, base }: UnstoredDraft,
    theirs: VersionedDraft | null,
  ): DraftSession {
    const session = new DraftSession(calls, base);
    session.update((editor) => change(editor, plan));
    session.#sent = [...sent];
    session.#meet(theirs);
    return session;
  }

  state = (): SessionState => this.#state;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get isStored(): boolean {
    return this.#state.store.kind === 'stored';
  }

  /** Whether the draft is published, discarded or given up. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What the server may not have, to go on with it later. Undefined if the server has everything. */
  get unstored(): UnstoredDraft | undefined {
    if (this.isStored) return undefined;
    const { editor, basedOn, hidden } = this.#state;
    const row = { ...(this.#stored ?? editor.plan), basedOn, hidden };
    return { plan: editor.plan, sent: [...this.#sent], base: { row, version: this.#version } };
  }

  /** Changes the editor. A change of its plan is stored soon. */
  update = (next: (editor: Editor) => Editor): void => {
    const before = this.#state.editor;
    const editor = next(before);
    if (this.#isOver || editor === before) return;
    this.#set({ editor });
    if (editor.plan === before.plan) return;
    const { kind } = this.#state.store;
    if (kind === 'conflict') return;
    if (kind !== 'storing') this.#set({ store: { kind: 'waiting' } });
    this.#storeIn(PAUSE_MS);
  };

  /** Stores what is not stored yet. Resolves when that has succeeded or failed. The next try follows soon. */
  flush = async (): Promise<boolean> => {
    clearTimeout(this.#timer);
    this.#retryMs = FIRST_RETRY_MS;
    await this.#store();
    return this.isStored;
  };

  /** Stores the own plan over that of somebody else. */
  keepMine = async (): Promise<void> => {
    const { store } = this.#state;
    if (store.kind !== 'conflict') return;
    const { theirs } = store;
    this.#version = theirs?.version ?? null;
    this.#stored = theirs ? planOf(theirs.row) : undefined;
    this.#sent = [];
    this.#set({ store: { kind: 'waiting' }, ...(theirs && aboutOf(theirs.row)) });
    await this.#store();
  };

  /** Goes on with the plan of somebody else. Undo brings the own one back. */
  takeTheirs = (): void => {
    const { store, editor } = this.#state;
    if (store.kind !== 'conflict' || !store.theirs) return;
    const { row, version } = store.theirs;
    const plan = planOf(row);
    this.#stored = plan;
    this.#version = version;
    this.#sent = [];
    this.#set({ editor: change(editor, plan), store: { kind: 'stored' }, ...aboutOf(row) });
  };

  /**
   * Publishes the draft, if its plan is the one that somebody has seen.
   *
   * @param over the version of the published plan that it replaces; 0 if there is none
   * @throws NotStoredError if the draft is another plan, or is not stored.
   * @throws ConflictError if somebody else has stored another draft, or published another plan. Nothing is published.
   */
  publish = (seen: Plan, over: number): Promise<void> =>
    this.#inTurn(async () => {
      const { editor, basedOn } = this.#state;
      const isSeen = this.isStored && !this.#isOver && editor.plan === seen;
      if (!isSeen || this.#version === null) throw new NotStoredError();
      try {
        // The server then refuses to replace any other plan than the one that was seen.
        if (over !== basedOn) this.#accept(seen, await this.#calls.store(seen, this.#version, over));
        if (this.#state.editor.plan !== seen) throw new NotStoredError();
        await this.#calls.publish(this.#version);
      } catch (error) {
        if (error instanceof ConflictError || error instanceof NotFoundError)
          this.#meet(await this.#calls.read());
        throw error;
      }
      // A change that came meanwhile is not published.
      if (this.#state.editor.plan === seen) this.end();
      else this.#meet(null);
    });

  /**
   * Discards the draft, with what is not stored of it. If that fails, the session goes on. If somebody else has stored
   * another draft, nothing is discarded, and the session waits for the choice between both.
   */
  discard = (): Promise<void> =>
    this.#inTurn(async () => {
      // A request without an answer may have made another version.
      if (this.#sent.length > 0 || this.#version === null) this.#meet(await this.#calls.read());
      const version = this.#state.store.kind === 'conflict' ? null : this.#version;
      try {
        if (version !== null) await this.#calls.discard(version);
      } catch (error) {
        if (isOutdated(error)) this.#meet(await this.#calls.read());
        else if (!(error instanceof NotFoundError)) throw error;
      }
      const { store } = this.#state;
      if (store.kind !== 'conflict' || store.theirs === null) this.end();
    });

  /** Ends the session: it stores nothing any more. */
  end = (): void => {
    clearTimeout(this.#timer);
    this.#isOver = true;
    this.#set({ store: { kind: 'stored' } });
  };

  #storeIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#store(), ms);
  }

  /** Runs work that sends requests, after the work that runs already. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    // Others may have waited for the same work, and one of them may have begun.
    while (this.#running) await this.#running;
    const result = work();
    const settled = () => {
      this.#running = undefined;
    };
    this.#running = result.then(settled, settled);
    await result;
  }

  #store(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isOver || this.#state.store.kind === 'conflict') return;
      if (this.#state.editor.plan === this.#stored && this.#sent.length === 0)
        this.#set({ store: { kind: 'stored' } });
      else await this.#send();
    });
  }

  async #send(): Promise<void> {
    if (this.#isOver) return;
    const { editor, basedOn } = this.#state;
    const { plan } = editor;
    clearTimeout(this.#timer);
    this.#set({ store: { kind: 'storing' } });
    if (!this.#sent.includes(plan)) this.#sent.push(plan);
    try {
      this.#accept(plan, await this.#calls.store(plan, this.#version, basedOn));
    } catch (error) {
      await this.#recover(plan, error).catch((failure: unknown) => this.#fail(failure));
    }
  }

  #accept(plan: Plan, { row, version }: VersionedDraft): void {
    if (this.#isOver) return;
    const isLast = this.#state.editor.plan === plan;
    const placed = new Set(plan.placements.map(({ nodeId }) => nodeId));
    // Nodes have come back to the level. The server would take a plan without them for one that takes them off.
    const back = planOf(row).placements.filter(({ nodeId }) => !placed.has(nodeId));
    const editor = back.length === 0 ? this.#state.editor : joined(this.#state.editor, back);
    // The page shows them when it has read the nodes, too.
    if (back.length > 0) void this.#calls.nodeIds().catch(() => undefined);
    this.#stored = isLast ? editor.plan : withOthers(plan, back);
    this.#version = version;
    this.#sent = [];
    this.#retryMs = FIRST_RETRY_MS;
    this.#set({ editor, store: { kind: isLast ? 'stored' : 'waiting' }, ...aboutOf(row) });
    if (!isLast) this.#storeIn(PAUSE_MS);
  }

  /** Goes on after the server did not store a plan. Throws if that is not possible now. */
  async #recover(plan: Plan, error: unknown): Promise<void> {
    if (isOutdated(error)) {
      this.#meet(await this.#calls.read());
      if (this.#state.store.kind !== 'conflict' && !this.isStored) await this.#send();
      return;
    }
    if (!(error instanceof ValidationError)) throw error;
    this.#sent = this.#sent.filter((each) => each !== plan);
    const there = new Set(await this.#calls.nodeIds());
    const gone = plan.placements.filter(({ nodeId }) => !there.has(nodeId)).map(({ nodeId }) => nodeId);
    if (gone.length === 0) throw error;
    // Nodes have left the level. The server keeps where they were, and hides it.
    this.#set({ editor: without(this.#state.editor, new Set(gone)) });
    await this.#send();
  }

  /**
   * Compares the draft that the server has with the one that the session knows. Another version with an own plan is the own
   * draft, of which an answer was lost. A node that left the level or came back is no change of the draft.
   */
  #meet(theirs: VersionedDraft | null): void {
    if (this.#isOver || isSameDraft(theirs?.version ?? null, this.#version)) return;
    const mine = [this.#state.editor.plan, ...this.#sent, ...(this.#stored ? [this.#stored] : [])];
    const own = theirs && mine.find((each) => isSamePlan(each, theirs.row));
    if (theirs && own) this.#accept(own, theirs);
    else this.#set({ store: { kind: 'conflict', theirs } });
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    const isTriedAgain = TRANSIENT.some((each) => error instanceof each);
    this.#set({ store: { kind: isTriedAgain ? 'failed' : 'refused', error } });
    if (error instanceof AuthenticationError) this.#calls.signIn();
    if (!isTriedAgain) return;
    this.#storeIn(this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
  }

  #set(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
