import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { forgetPlans } from './answers.ts';

const { remove } = texts.floor;

interface RemoveDialogProps {
  levelId: string;
  levelName: string;
  onClose: () => void;
}

/** Asks before a published plan is removed. */
export default function RemoveDialog({ levelId, levelName, onClose }: RemoveDialogProps) {
  const { organisation } = useOrganisation();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => clientOf(organisation).manage.floorPlans.remove(levelId),
    onSuccess: async () => {
      await forgetPlans(organisation);
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={remove.title(levelName)}
      closeButtonProps={{ 'aria-label': remove.cancel }}
    >
      <Stack>
        <Text size="sm">{remove.text}</Text>
        {error && <Failure error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {remove.cancel}
          </Button>
          <Button color="red.9" loading={isPending} onClick={() => mutate()}>
            {remove.submit}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
