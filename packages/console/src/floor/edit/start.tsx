import { Button, Group, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Failure } from '../../frame/failure.tsx';
import { Notice } from '../../frame/notice.tsx';
import { useOrganisation } from '../../frame/session.ts';
import { Waiting } from '../../frame/shell.tsx';
import { texts } from '../../texts.ts';
import { forgetPlans, useFloorPlan } from '../answers.ts';
import type { Plan } from '../plan.ts';
import { planOf } from './draft.ts';
import { beginDraft, type FirstDraft, readDraftAgain } from './use-draft.ts';

const { editor } = texts.floor;
const BLANK: Plan = { imageId: null, aspectRatio: 1.5, placements: [] };

/** Begins a draft: from the published plan, or with a blank sheet. */
export default function Start({ levelId }: { levelId: string }) {
  const { organisation } = useOrganisation();
  const { data, error, refetch } = useFloorPlan(levelId);
  const begin = useMutation({
    mutationFn: (first: FirstDraft) => beginDraft(organisation, levelId, first),
    // Somebody else may have begun a draft, or the published plan is another one.
    onError: () => readDraftAgain(organisation, levelId),
    onSettled: () => forgetPlans(organisation),
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  const { published } = data.row;
  const basedOn = published?.version ?? 0;
  return (
    <Stack>
      <Notice title={editor.start.title} advice={editor.intro}>
        <Group mt="xs">
          {published && (
            <Button
              loading={begin.isPending}
              onClick={() => begin.mutate({ plan: planOf(published), basedOn, hidden: published.hidden })}
            >
              {editor.start.fromPublished}
            </Button>
          )}
          <Button
            variant={published ? 'default' : 'filled'}
            loading={begin.isPending}
            onClick={() => begin.mutate({ plan: BLANK, basedOn })}
          >
            {published ? editor.start.fromBlank : editor.start.blank}
          </Button>
        </Group>
      </Notice>
      {begin.error && <Failure error={begin.error} />}
    </Stack>
  );
}
