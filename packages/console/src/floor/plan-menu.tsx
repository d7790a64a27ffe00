import { ActionIcon, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { lazy, Suspense } from 'react';
import { Icon } from '../frame/icon.tsx';
import { texts } from '../texts.ts';

const RemoveDialog = lazy(() => import('./remove-dialog.tsx'));

const { remove, more } = texts.floor;

/** What an administrator does rarely with a published plan. */
export function PlanMenu(plan: { levelId: string; levelName: string; version: string }) {
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label={more}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={open}>{remove.open}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isOpen && (
        <Suspense>
          <RemoveDialog {...plan} onClose={close} />
        </Suspense>
      )}
    </>
  );
}
