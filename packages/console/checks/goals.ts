/** What depends on the time that the machine has for the checks. All other goals are the same everywhere. */
export interface TimeGoals {
  /** The least mark of Lighthouse for performance. */
  leastPerformance: number;
  /** From the answer to an event until the page Today shows it, 99 of 100 events. */
  mostEventMs: number;
  /** Lighthouse then looks at pages only, and not at their tabs and parts: a look takes many seconds. axe-core opens all. */
  isBusy: boolean;
}

/** The goals, on a machine that does nothing else. */
export const GOALS: TimeGoals = { leastPerformance: 95, mostEventMs: 2_000, isBusy: false };

/**
 * Limits for a machine that does other work at the same time, as CI may: a page that misses them has a fault, however busy
 * the machine is. Lighthouse measures the time that scripts take, and a core that is shared takes a multiple of it.
 */
export const LIMITS_WHEN_BUSY: TimeGoals = { leastPerformance: 75, mostEventMs: 10_000, isBusy: true };

declare module 'vitest' {
  export interface ProvidedContext {
    timeGoals: TimeGoals;
  }
}
