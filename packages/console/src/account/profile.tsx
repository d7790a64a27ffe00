import { Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { type Session, updateSession } from '../frame/session.ts';
import { texts } from '../texts.ts';

const { profile, save, saved } = texts.account;

/** The person's name. */
export function ProfileSection({ session }: { session: Session }) {
  const { mutate, error, isPending, isSuccess } = useMutation({
    mutationFn: (name: string) => clientOf().session.update({ name }),
    onSuccess: updateSession,
  });
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    mutate(String(new FormData(event.currentTarget).get('name')));
  };
  return (
    <section aria-labelledby="own-name">
      <form onSubmit={onSubmit}>
        <Stack gap="sm">
          <Title order={2} id="own-name">
            {profile.title}
          </Title>
          <TextInput label={profile.email} value={session.account.email} readOnly />
          <TextInput
            name="name"
            label={profile.name}
            description={profile.nameHint}
            autoComplete="name"
            defaultValue={session.account.name ?? ''}
            required
            withAsterisk={false}
          />
          {error && <Failure error={error} />}
          <Group>
            <Button type="submit" loading={isPending}>
              {save}
            </Button>
            {isSuccess && (
              <Text size="sm" role="status">
                {saved}
              </Text>
            )}
          </Group>
        </Stack>
      </form>
    </section>
  );
}
