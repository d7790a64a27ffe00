import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { NotFoundError } from '@rollcall/sdk';
import { useMutation } from '@tanstack/react-query';
import { clientOf } from '../../frame/client.ts';
import { Failure } from '../../frame/failure.tsx';
import { useOrganisation } from '../../frame/session.ts';
import { texts } from '../../texts.ts';
import { forgetPlans } from '../answers.ts';
import type { DraftSession } from './draft-session.ts';

const { discarding: words } = texts.floor.editor;

interface DiscardDialogProps {
  levelId: string;
  session: DraftSession;
  onClose: () => void;
  onDiscarded: () => void;
}

/** Asks before the draft is discarded. */
export default function DiscardDialog({ levelId, session, onClose, onDiscarded }: DiscardDialogProps) {
  const { organisation } = useOrganisation();
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () => {
      // A change that waits to be stored would make a draft again.
      session.end();
      try {
        await clientOf(organisation).manage.floorPlans.discardDraft(levelId);
      } catch (failure) {
        if (!(failure instanceof NotFoundError)) throw failure;
      }
    },
    onSuccess: async () => {
      await forgetPlans(organisation);
      onDiscarded();
    },
  });
  return (
    <Modal opened onClose={onClose} title={words.title} closeButtonProps={{ 'aria-label': words.cancel }}>
      <Stack>
        <Text size="sm">{words.text}</Text>
        {error && <Failure error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {words.cancel}
          </Button>
          <Button color="red.9" loading={isPending} onClick={() => mutate()}>
            {words.submit}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
