import { ActionIcon, Button, Group, Menu, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { Icon } from '../frame/icon.tsx';
import { queryClient, useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { type Account, accountsKey, type ShownLink } from './accounts.ts';
import { PersonSessions } from './person-sessions.tsx';

const { people, cancel, close } = texts.settings;

type Dialog = 'remove' | 'sessions' | 'failure';

interface PersonMenuProps {
  account: Account;
  /** The account is the last administrator, and cannot be removed. */
  isLast: boolean;
  onLink: (link: ShownLink) => void;
}

/** What an administrator can do with an account. */
export function PersonMenu({ account, isLast, onLink }: PersonMenuProps) {
  const { organisation } = useOrganisation();
  const [dialog, setDialog] = useState<Dialog>();
  const link = useMutation({
    mutationFn: () => clientOf(organisation).manage.accounts.link(account.accountId),
    onSuccess: (made) => onLink({ ...made, email: account.email }),
    onError: () => setDialog('failure'),
  });
  const leave = () => setDialog(undefined);
  const { email } = account;
  const isInvited = account.state === 'invited';
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label={people.actionsFor(email)} loading={link.isPending}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => link.mutate()}>
            {isInvited ? people.newInvitation : people.resetLink}
          </Menu.Item>
          {!isInvited && <Menu.Item onClick={() => setDialog('sessions')}>{people.sessions}</Menu.Item>}
          <Menu.Item disabled={isLast} onClick={() => setDialog('remove')}>
            {people.remove}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {/* Drawn while it is open, because a list has thousands of menus. */}
      {dialog && (
        <Modal
          opened
          onClose={leave}
          size={dialog === 'sessions' ? 'lg' : 'md'}
          title={titleOf(dialog, account)}
          closeButtonProps={{ 'aria-label': close }}
        >
          {dialog === 'failure' && <Failure error={link.error} />}
          {dialog === 'sessions' && <PersonSessions accountId={account.accountId} onClose={leave} />}
          {dialog === 'remove' && <Removal account={account} onClose={leave} />}
        </Modal>
      )}
    </>
  );
}

function titleOf(dialog: Dialog, { email, state }: Account): string {
  if (dialog === 'sessions') return people.sessionsOf(email);
  if (dialog === 'remove') return people.removeTitle(email);
  return state === 'invited' ? people.newInvitation : people.resetLink;
}

function Removal({ account, onClose }: { account: Account; onClose: () => void }) {
  const { organisation } = useOrganisation();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => clientOf(organisation).manage.accounts.remove(account.accountId),
    onSuccess: () => {
      onClose();
      return queryClient.invalidateQueries({ queryKey: accountsKey(organisation) });
    },
  });
  return (
    <Stack>
      <Text size="sm">{people.removeAdvice}</Text>
      {error && <Failure error={error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {cancel}
        </Button>
        <Button color="red.9" loading={isPending} onClick={() => mutate()}>
          {people.remove}
        </Button>
      </Group>
    </Stack>
  );
}
