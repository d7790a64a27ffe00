import { Button, Group, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { clientOf } from '../frame/client.ts';
import { createPasskey, isRefusedByBrowser } from '../frame/passkey.ts';
import { queryClient } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { FreshFailure } from './fresh-failure.tsx';
import { OWN_PASSKEYS } from './passkey-dialog.tsx';

const { passkeys } = texts.account;

/** Makes a passkey in the browser and stores its public key. */
export function AddPasskey() {
  const { mutate, error, isPending } = useMutation({
    mutationFn: async (name: string) => {
      const { session } = clientOf();
      const credential = await createPasskey(await session.startPasskey());
      return session.addPasskey({ name, credential });
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: OWN_PASSKEYS }),
  });
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get('name')).trim();
    mutate(name || passkeys.defaultName, { onSuccess: () => form.reset() });
  };
  return (
    <form onSubmit={onSubmit}>
      <Group align="flex-end">
        <TextInput
          name="name"
          label={passkeys.name}
          description={passkeys.nameHint}
          maxLength={100}
          autoComplete="off"
        />
        <Button type="submit" variant="default" loading={isPending}>
          {passkeys.add}
        </Button>
      </Group>
      {error &&
        (isRefusedByBrowser(error) ? (
          <Text size="sm" role="alert" mt="xs">
            {error.name === 'InvalidStateError' ? passkeys.known : passkeys.refused}
          </Text>
        ) : (
          <FreshFailure error={error} />
        ))}
    </form>
  );
}
