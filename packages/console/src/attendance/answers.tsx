import { type QueryKey, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { Notice } from '../frame/notice.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';

type Analytics = ReturnType<typeof clientOf>['analytics'];

/** Asks the API for rows, once for each key. */
export function useRows<T>(
  key: QueryKey,
  ask: (analytics: Analytics, signal: AbortSignal) => PromiseLike<T[]>,
) {
  const { organisation } = useOrganisation();
  return useQuery<T[]>({
    queryKey: [organisation, ...key],
    queryFn: async ({ signal }) => ask(clientOf(organisation).analytics, signal),
  });
}

interface AnswersProps {
  answers: readonly { data: unknown[] | undefined; error: unknown; refetch: () => unknown }[];
  children: () => ReactNode;
}

/** The children, if there are all answers, and the first one has rows. */
export function Answers({ answers, children }: AnswersProps) {
  const failed = answers.filter(({ error }) => error);
  if (failed[0]) {
    return (
      <Failure
        error={failed[0].error}
        retry={() => {
          for (const each of failed) each.refetch();
        }}
      />
    );
  }
  if (answers.some(({ data }) => data === undefined)) return <Waiting />;
  if (answers[0]?.data?.length === 0) return <Notice {...texts.attendance.empty} />;
  return children();
}
