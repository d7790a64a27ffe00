import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { ConflictError } from '@rollcall/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { clientOf } from '../../frame/client.ts';
import { Failure } from '../../frame/failure.tsx';
import { formatWhole, formatZonedInstant } from '../../frame/format.ts';
import { useOrganisation } from '../../frame/session.ts';
import { Waiting } from '../../frame/shell.tsx';
import { texts } from '../../texts.ts';
import { type FloorPlan, forgetPlans } from '../answers.ts';
import type { Plan } from '../plan.ts';
import { changesOf, type PlanChanges } from './changes.ts';
import { NotStoredError } from './draft.ts';
import type { DraftSession } from './draft-session.ts';
import { useSessionState } from './use-draft.ts';

const { publication: words, conflict } = texts.floor.editor;

interface PublishDialogProps {
  levelId: string;
  levelName: string;
  session: DraftSession;
  onClose: () => void;
  onPublished: () => void;
}

/** Shows what publishing changes for everybody, and publishes that. */
export default function PublishDialog({
  levelId,
  levelName,
  session,
  onClose,
  onPublished,
}: PublishDialogProps) {
  const { organisation } = useOrganisation();
  const { editor, basedOn } = useSessionState(session);
  const { floorPlans } = clientOf(organisation).manage;
  const preview = useQuery({
    queryKey: [organisation, 'floor plan to publish', levelId],
    queryFn: async ({ signal }) => {
      if (!(await session.flush())) throw new NotStoredError();
      const { plan } = session.state().editor;
      const { published } = (await floorPlans.read(levelId, { signal })).row;
      return { plan, published };
    },
    staleTime: 0,
    gcTime: 0,
  });
  const { data, refetch } = preview;
  const published = data?.published;
  const over = published?.version ?? 0;
  const isOther = data !== undefined && data.plan !== editor.plan;
  useEffect(() => {
    if (isOther) void refetch();
  }, [isOther, refetch]);
  const { mutate, isPending, error } = useMutation({
    mutationFn: (shown: { plan: Plan; over: number }) => session.publish(shown.plan, shown.over),
    onSuccess: async () => {
      await forgetPlans(organisation);
      onPublished();
    },
    // Another draft, or another published plan, may be the reason.
    onError: () => refetch(),
  });
  const isOutdated = data !== undefined && over !== basedOn;
  return (
    <Modal
      opened
      onClose={onClose}
      title={words.title(levelName)}
      closeButtonProps={{ 'aria-label': words.cancel }}
    >
      <Stack>
        {preview.error ? (
          <PublishFailure error={preview.error} retry={() => void refetch()} />
        ) : data && !isOther ? (
          <Changes
            isFirst={over === 0 && basedOn === 0}
            changes={changesOf(published ?? undefined, data.plan)}
          />
        ) : (
          <Waiting />
        )}
        {isOutdated && <Outdated published={published} />}
        <Text size="sm">{words.note}</Text>
        {error && !(error instanceof ConflictError) && <PublishFailure error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {words.cancel}
          </Button>
          <Button
            disabled={!data || isOther || preview.error !== null}
            loading={isPending}
            onClick={() => data && mutate({ plan: data.plan, over })}
          >
            {isOutdated && published ? words.force : words.submit}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

type Published = NonNullable<FloorPlan['published']>;

function PublishFailure({ error, retry }: { error: unknown; retry?: () => void }) {
  if (error instanceof NotStoredError) {
    return (
      <Text size="sm" role="alert">
        {words.notStored}
      </Text>
    );
  }
  return <Failure error={error} {...(retry && { retry })} />;
}

function Changes({ isFirst, changes }: { isFirst: boolean; changes: PlanChanges }) {
  const { placed, moved, removed, hasOtherImage } = changes;
  const lines = [
    ...(isFirst ? [words.first] : []),
    ...(placed > 0 ? [words.placed(formatWhole(placed), placed === 1)] : []),
    ...(moved > 0 ? [words.moved(formatWhole(moved), moved === 1)] : []),
    ...(removed > 0 ? [words.removed(formatWhole(removed), removed === 1)] : []),
    ...(hasOtherImage ? [words.otherImage] : []),
  ];
  return (
    <ul className="plain-list" data-publication>
      {(lines.length > 0 ? lines : [words.nothing]).map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

/** The draft began with another plan than the published one. */
function Outdated({ published }: { published: Published | null | undefined }) {
  const { timeZone } = useOrganisation();
  return (
    <Alert role="alert" color="red" variant="outline">
      {published
        ? words.outdated(
            published.publishedBy ?? conflict.somebody,
            formatZonedInstant(published.publishedAt, timeZone),
          )
        : words.baseRemoved}
    </Alert>
  );
}
