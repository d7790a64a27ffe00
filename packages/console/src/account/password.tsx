import { Button, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { PermissionError, ValidationError } from '@rollcall/sdk';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import type { Session } from '../frame/session.ts';
import { texts } from '../texts.ts';

const { password } = texts.account;
const FIELDS = [
  { name: 'currentPassword', label: password.current, autoComplete: 'current-password' },
  { name: 'newPassword', label: password.next, autoComplete: 'new-password', description: password.hint },
] as const;

/** Changes the person's password. A refusal keeps what was typed. */
export function PasswordSection({ session }: { session: Session }) {
  const { mutate, error, isPending, isSuccess } = useMutation({
    mutationFn: ({ currentPassword, newPassword }: { currentPassword: string; newPassword: string }) =>
      clientOf().session.changePassword({ currentPassword, newPassword }),
  });
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    mutate(
      {
        currentPassword: String(fields.get('currentPassword')),
        newPassword: String(fields.get('newPassword')),
      },
      { onSuccess: () => form.reset() },
    );
  };
  const faults = {
    currentPassword: error instanceof PermissionError ? password.wrong : undefined,
    newPassword: error instanceof ValidationError ? (error.errors[0]?.message ?? error.detail) : undefined,
  };
  return (
    <section aria-labelledby="own-password">
      <form onSubmit={onSubmit}>
        <Stack gap="sm" align="stretch">
          <Title order={2} id="own-password">
            {password.title}
          </Title>
          {session.account.hasPassword ? (
            <>
              {FIELDS.map((field) => (
                <PasswordInput
                  key={field.name}
                  {...field}
                  required
                  withAsterisk={false}
                  error={faults[field.name]}
                  visibilityToggleButtonProps={{ 'aria-label': password.show }}
                />
              ))}
              {error && !faults.currentPassword && !faults.newPassword && <Failure error={error} />}
              {isSuccess && (
                <Text size="sm" role="status">
                  {password.changed}
                </Text>
              )}
              <div>
                <Button type="submit" loading={isPending}>
                  {password.submit}
                </Button>
              </div>
            </>
          ) : (
            <Text size="sm">{password.none}</Text>
          )}
        </Stack>
      </form>
    </section>
  );
}
