import type { Plan } from '../plan.ts';
import { changesOf } from './changes.ts';
import type { Editor } from './editor.ts';

/** A draft as the server has it. */
export interface StoredDraft extends Plan {
  /** The version of the published plan that it began with; 0 if there was none. */
  basedOn: number;
  /** How many placements are of nodes that are retired or have left the level. */
  hidden: number;
  changedAt: string;
  changedBy: string | null;
}

export interface VersionedDraft {
  row: StoredDraft;
  version: string;
}

/** Whether the server has what is on the screen. */
export type StoreState =
  | { kind: 'stored' | 'waiting' | 'storing' }
  /** It is tried again. */
  | { kind: 'failed'; error: unknown }
  /** The server would refuse it again. */
  | { kind: 'refused'; error: unknown }
  /** Somebody else stored a draft meanwhile; null if it was published or discarded. */
  | { kind: 'conflict'; theirs: VersionedDraft | null };

export interface SessionState {
  editor: Editor;
  store: StoreState;
  /** The version of the published plan that the draft began with; 0 if there was none. */
  basedOn: number;
  hidden: number;
}

/** The draft that a session changes, as the server has it. */
export interface Base {
  row: Plan & Pick<StoredDraft, 'basedOn' | 'hidden'>;
  /** Null if the server has no draft. */
  version: string | null;
}

/** What the server may not have. */
export interface UnstoredDraft {
  plan: Plan;
  /** What was sent. The server may have one of these, if its answer was lost. */
  sent: readonly Plan[];
  base: Base;
}

/** The draft is not stored as somebody has seen it. */
export class NotStoredError extends Error {}

/** How the session reaches the server. */
export interface DraftCalls {
  /**
   * Stores a draft over this version; the first one over null. `basedOn` is the version of the published plan that it is a
   * change of; 0 if there is none. `hidden` is that of the published plan with which a first draft begins.
   */
  store: (plan: Plan, version: string | null, basedOn: number, hidden?: number) => Promise<VersionedDraft>;
  /** Null if there is no draft. */
  read: () => Promise<VersionedDraft | null>;
  discard: (version: string) => Promise<void>;
  publish: (version: string) => Promise<void>;
  /** The nodes that are on the level now. */
  nodeIds: () => Promise<string[]>;
  /** Leads to the sign-in page, because the session of the person has ended. */
  signIn: () => void;
}

/** The plan alone, as a request has it. */
export function planOf({ imageId, aspectRatio, placements }: Plan): Plan {
  return {
    imageId,
    aspectRatio,
    placements: placements.map(({ nodeId, x, y, width, height }) => ({ nodeId, x, y, width, height })),
  };
}

/** Whether two plans are the same to somebody who sees them. The order of their placements does not count. */
export function isSamePlan(a: Plan, b: Plan): boolean {
  const { placed, moved, removed, hasOtherImage } = changesOf(a, b);
  return placed + moved + removed === 0 && !hasOtherImage && a.aspectRatio === b.aspectRatio;
}

/** What a session says about its draft, besides the plan. */
export function aboutOf({ basedOn, hidden }: Base['row']): Pick<SessionState, 'basedOn' | 'hidden'> {
  return { basedOn, hidden };
}

/**
 * Whether two versions have the same draft; null is the version of none. Behind a full stop, a version says which
 * placements its reader did not see, and that is no part of the draft.
 */
export function isSameDraft(a: string | null, b: string | null): boolean {
  const digestIn = (version: string | null) => version?.split(/[".]/)[1];
  return digestIn(a) === digestIn(b);
}
