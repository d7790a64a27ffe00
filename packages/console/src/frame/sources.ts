import type { Reply } from '@rollcall/sdk';
import { useQuery } from '@tanstack/react-query';
import { texts } from '../texts.ts';
import { clientOf } from './client.ts';
import { useOrganisation } from './session.ts';

export type Source = Reply<'GET /v1/manage/sources'>['items'][number];

/** Counts change every few seconds, and whether a source is quiet every hour. */
const ASK_EVERY_MS = 30_000;

/** The sources of events, quiet ones first. It asks again while somebody can see the page. */
export function useSources() {
  const { organisation } = useOrganisation();
  return useQuery<Source[]>({
    queryKey: [organisation, 'sources'],
    queryFn: async ({ signal }) => {
      const sources = await clientOf(organisation).manage.sources({ signal });
      return sources.toSorted((a, b) => Number(b.quiet) - Number(a.quiet));
    },
    refetchInterval: ASK_EVERY_MS,
  });
}

/** The name of a source for people. */
export function nameOf({ sourceId }: Source): string {
  return sourceId ?? texts.sources.unnamed;
}
