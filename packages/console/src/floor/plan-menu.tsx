import { ActionIcon, Button, Group, Menu, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { Icon } from '../frame/icon.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { type FloorPlan, forgetPlans } from './answers.ts';

const { remove, more } = texts.floor;

/** What an administrator does rarely with a published plan. */
export function PlanMenu({ plan }: { plan: FloorPlan }) {
  const { organisation } = useOrganisation();
  const [isOpen, { open, close }] = useDisclosure();
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: () => clientOf(organisation).manage.floorPlans.remove(plan.levelId),
    onSuccess: async () => {
      await forgetPlans(organisation);
      close();
    },
  });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label={more}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            onClick={() => {
              reset();
              open();
            }}
          >
            {remove.open}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={isOpen}
        onClose={close}
        title={remove.title(plan.levelName)}
        closeButtonProps={{ 'aria-label': remove.cancel }}
      >
        <Stack>
          <Text size="sm">{remove.text}</Text>
          {error && <Failure error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {remove.cancel}
            </Button>
            <Button color="red.9" loading={isPending} onClick={() => mutate()}>
              {remove.submit}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
