import type { Reply } from '@rollcall/sdk';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { useOrganisation } from '../frame/session.ts';
import { type Cause, REFUSED } from './refused-answers.ts';

type Step = Reply<'POST /v1/manage/refused-events/retry'>;

/** What a person tries again: one event, or all with a cause, of all sources or of one. */
export type Selection = { refusalId: string } | { cause: Cause; sourceId?: string };

/** How far a retry is. */
export interface RetryProgress {
  selection: Selection;
  mended: number;
  refused: number;
  skipped: number;
  remaining: number;
  state: 'running' | 'done' | 'stopped' | 'failed';
  error: unknown;
  /** The outcomes of the last step. */
  results: Step['results'];
}

export interface Retry {
  progress: RetryProgress | undefined;
  start(selection: Selection): void;
  stop(): void;
}

/** Tries events again, step by step, while the person stays on the page. */
export function useRetry(): Retry {
  const { organisation } = useOrganisation();
  const queries = useQueryClient();
  const [progress, setProgress] = useState<RetryProgress>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const start = useCallback(
    (selection: Selection) => {
      running.current?.abort();
      const stopping = new AbortController();
      running.current = stopping;
      const run = async () => {
        let now = begun(selection);
        setProgress(now);
        try {
          let after: string | null | undefined;
          do {
            const step = await clientOf(organisation).manage.retryRefusedEvents({
              ...selection,
              ...(after ? { after } : {}),
            });
            now = advanced(now, step);
            if (running.current === stopping) setProgress(now);
            after = step.next;
          } while (after && !stopping.signal.aborted);
          now = { ...now, state: after ? 'stopped' : 'done' };
        } catch (error) {
          now = { ...now, state: 'failed', error };
        }
        if (running.current === stopping) setProgress(now);
        await queries.invalidateQueries({ queryKey: [organisation, REFUSED] });
      };
      void run();
    },
    [organisation, queries],
  );
  const stop = useCallback(() => running.current?.abort(), []);
  return { progress, start, stop };
}

function begun(selection: Selection): RetryProgress {
  const none = { mended: 0, refused: 0, skipped: 0, remaining: 0 };
  return { selection, ...none, state: 'running', error: undefined, results: [] };
}

function advanced(before: RetryProgress, step: Step): RetryProgress {
  return {
    ...before,
    mended: before.mended + step.mended,
    refused: before.refused + step.refused,
    skipped: before.skipped + step.skipped,
    remaining: step.remaining,
    results: step.results,
  };
}
