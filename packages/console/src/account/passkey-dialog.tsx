import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { clientOf } from '../frame/client.ts';
import { queryClient } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { FreshFailure } from './fresh-failure.tsx';
import type { Passkey } from './passkeys.tsx';

const { passkeys, save } = texts.account;

/** The key of what the page knows about the person's passkeys. */
export const OWN_PASSKEYS = ['own passkeys'];

export interface PasskeyAction {
  kind: 'rename' | 'remove';
  passkey: Passkey;
}

interface DialogProps {
  action: PasskeyAction | undefined;
  onClose: () => void;
}

/** Renames or removes a passkey. */
export function PasskeyDialog({ action, onClose }: DialogProps) {
  return (
    <Modal
      opened={action !== undefined}
      onClose={onClose}
      title={action?.kind === 'remove' ? passkeys.removeTitle(action.passkey.name) : passkeys.renameTitle}
      closeButtonProps={{ 'aria-label': passkeys.cancel }}
    >
      {action && <Content action={action} onClose={onClose} />}
    </Modal>
  );
}

function Content({ action: { kind, passkey }, onClose }: { action: PasskeyAction; onClose: () => void }) {
  const { mutate, error, isPending } = useMutation<unknown, Error, string>({
    mutationFn: (name) =>
      kind === 'remove'
        ? clientOf().session.removePasskey(passkey.passkeyId)
        : clientOf().session.renamePasskey(passkey.passkeyId, { name }),
    onSuccess: () => {
      onClose();
      return queryClient.invalidateQueries({ queryKey: OWN_PASSKEYS });
    },
  });
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    mutate(String(new FormData(event.currentTarget).get('name')));
  };
  return (
    <form onSubmit={onSubmit}>
      <Stack>
        {kind === 'remove' ? (
          <Text size="sm">{passkeys.removeAdvice}</Text>
        ) : (
          <TextInput
            name="name"
            label={passkeys.name}
            defaultValue={passkey.name}
            maxLength={100}
            required
            withAsterisk={false}
            data-autofocus
          />
        )}
        {error && <FreshFailure error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {passkeys.cancel}
          </Button>
          <Button type="submit" loading={isPending} {...(kind === 'remove' ? { color: 'red.9' } : {})}>
            {kind === 'remove' ? passkeys.remove : save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
