import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { AuthenticationError } from '@rollcall/sdk';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { clientOf } from '../frame/client.ts';
import { Page } from '../frame/page.tsx';
import { type Session, SIGNS_IN } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { Help } from './help.tsx';
import { OtherMethods } from './other-methods.tsx';
import { withSecondFactor } from './second-factor.ts';
import { SignInFailure } from './sign-in-failure.tsx';

const { signIn } = texts;

interface PasswordFormProps {
  /** The link that led here does not work. */
  isLinkInvalid: boolean;
  onSignedIn: (session: Session) => void;
}

export function PasswordForm({ isLinkInvalid, onSignedIn }: PasswordFormProps) {
  const { mutate, error, isPending } = useMutation({
    meta: SIGNS_IN,
    mutationFn: (credentials: { email: string; password: string }) =>
      withSecondFactor((passkey) => clientOf().session.signIn({ ...credentials, ...passkey })),
    onSuccess: onSignedIn,
  });
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    mutate({ email: String(fields.get('email')), password: String(fields.get('password')) });
  };
  return (
    <Page title={signIn.title}>
      <OtherMethods linkToken={undefined} onSignedIn={onSignedIn} />
      <form onSubmit={onSubmit}>
        <Stack>
          {isLinkInvalid && !error && (
            <Alert role="alert" variant="outline" color="gray">
              {signIn.link.invalid}
            </Alert>
          )}
          {error instanceof AuthenticationError ? (
            <Alert role="alert" variant="outline" color="red">
              {signIn.wrong}
            </Alert>
          ) : (
            error && <SignInFailure error={error} />
          )}
          <TextInput
            name="email"
            type="email"
            label={signIn.email}
            autoComplete="username"
            required
            withAsterisk={false}
          />
          <PasswordInput
            name="password"
            label={signIn.password}
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ 'aria-label': signIn.showPassword }}
          />
          <Button type="submit" loading={isPending}>
            {signIn.submit}
          </Button>
          <Help />
        </Stack>
      </form>
    </Page>
  );
}
