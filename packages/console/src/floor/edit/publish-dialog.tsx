import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { ConflictError } from '@rollcall/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { clientOf } from '../../frame/client.ts';
import { Failure } from '../../frame/failure.tsx';
import { formatInstant, formatWhole } from '../../frame/format.ts';
import { useOrganisation } from '../../frame/session.ts';
import { Waiting } from '../../frame/shell.tsx';
import { texts } from '../../texts.ts';
import { type FloorPlan, forgetPlans } from '../answers.ts';
import type { DraftSession, StoredDraft } from './draft-session.ts';
import { changesOf, type PlanChanges } from './editor.ts';

const { publication: words, conflict } = texts.floor.editor;

class NotStoredError extends Error {}

interface PublishDialogProps {
  levelId: string;
  levelName: string;
  session: DraftSession;
  basedOn: StoredDraft['basedOn'];
  onClose: () => void;
  onPublished: () => void;
}

/** Shows what publishing changes for everybody, and publishes. */
export default function PublishDialog({
  levelId,
  levelName,
  session,
  basedOn,
  onClose,
  onPublished,
}: PublishDialogProps) {
  const { organisation } = useOrganisation();
  const { floorPlans } = clientOf(organisation).manage;
  const preview = useQuery({
    queryKey: [organisation, 'floor plan to publish', levelId],
    queryFn: async ({ signal }) => {
      await session.flush();
      return (await floorPlans.read(levelId, { signal })).row;
    },
    staleTime: 0,
    gcTime: 0,
  });
  const { mutate, isPending, error } = useMutation({
    mutationFn: async (force: boolean) => {
      if (!(await session.flush()) || session.version === null) throw new NotStoredError();
      await floorPlans.publish(levelId, { ifVersion: session.version, force });
    },
    onSuccess: async () => {
      session.end();
      await forgetPlans(organisation);
      onPublished();
    },
    onError: async (failure) => {
      if (!(failure instanceof ConflictError)) return;
      // Another draft leads to the choice between both; another published plan is shown here.
      await Promise.all([session.meetOther(), preview.refetch()]);
      if (!session.isStored) onClose();
    },
  });
  const published = preview.data?.published;
  const isOutdated = preview.data !== undefined && (published?.version ?? null) !== basedOn;
  return (
    <Modal
      opened
      onClose={onClose}
      title={words.title(levelName)}
      closeButtonProps={{ 'aria-label': words.cancel }}
    >
      <Stack>
        {preview.error ? (
          <Failure error={preview.error} retry={() => void preview.refetch()} />
        ) : preview.data ? (
          <Changes
            published={published}
            changes={changesOf(published ?? undefined, session.state().editor.plan)}
          />
        ) : (
          <Waiting />
        )}
        {isOutdated && published && <Outdated published={published} />}
        <Text size="sm">{words.note}</Text>
        {error && !(error instanceof ConflictError) && <PublishFailure error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {words.cancel}
          </Button>
          <Button disabled={!preview.data} loading={isPending} onClick={() => mutate(isOutdated)}>
            {isOutdated ? words.force : words.submit}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

type Published = NonNullable<FloorPlan['published']>;

function PublishFailure({ error }: { error: unknown }) {
  if (error instanceof NotStoredError) {
    return (
      <Text size="sm" role="alert">
        {words.notStored}
      </Text>
    );
  }
  return <Failure error={error} />;
}

function Changes({ published, changes }: { published: Published | null | undefined; changes: PlanChanges }) {
  const { placed, moved, removed, hasOtherImage } = changes;
  const lines = [
    ...(published ? [] : [words.first]),
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

function Outdated({ published: { publishedBy, publishedAt } }: { published: Published }) {
  const { timeZone } = useOrganisation();
  return (
    <Alert role="alert" color="red" variant="outline">
      {words.outdated(publishedBy ?? conflict.somebody, formatInstant(publishedAt, timeZone))}
    </Alert>
  );
}
