import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { AuthenticationError, ValidationError } from '@rollcall/sdk';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef } from 'react';
import { clientOf } from '../frame/client.ts';
import { Page } from '../frame/page.tsx';
import { type Session, SIGNS_IN } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { OtherMethods } from './other-methods.tsx';
import { withSecondFactor } from './second-factor.ts';
import { SignInFailure } from './sign-in-failure.tsx';

const { link } = texts.signIn;

interface LinkFormProps {
  token: string;
  onSignedIn: (session: Session) => void;
  /** The link is wrong, used or too old. */
  onInvalid: () => void;
}

/** Redeems a one-time link. Asks for a password if the link needs one. */
export function LinkForm({ token, onSignedIn, onInvalid }: LinkFormProps) {
  const { mutate, error, isPending, variables } = useMutation({
    meta: SIGNS_IN,
    mutationFn: (answers: { name?: string; password?: string }) =>
      withSecondFactor((passkey) => clientOf().session.redeem({ token, ...answers, ...passkey })),
    onSuccess: onSignedIn,
    onError: (cause, { password }) => {
      if (cause instanceof AuthenticationError && password === undefined) onInvalid();
    },
  });
  const redeemed = useRef(false);
  useEffect(() => {
    if (redeemed.current) return;
    redeemed.current = true;
    mutate({});
  }, [mutate]);

  const isFirstTry = variables?.password === undefined;
  if (isFirstTry && !(error instanceof ValidationError)) {
    return (
      <Page title={texts.signIn.title}>
        {error ? (
          <SignInFailure error={error} retry={() => mutate({})} />
        ) : (
          <Text role="status">{link.redeeming}</Text>
        )}
      </Page>
    );
  }
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const name = String(fields.get('name')).trim();
    mutate({ password: String(fields.get('password')), ...(name ? { name } : {}) });
  };
  const fault =
    isFirstTry || !error ? undefined : error instanceof AuthenticationError ? link.wrong : faultOf(error);
  return (
    <Page title={link.title}>
      <OtherMethods linkToken={token} onSignedIn={onSignedIn} />
      <form onSubmit={onSubmit}>
        <Stack>
          <TextInput name="name" label={link.name} description={link.nameHint} autoComplete="name" />
          <PasswordInput
            name="password"
            label={link.password}
            description={link.passwordHint}
            autoComplete="new-password"
            required
            withAsterisk={false}
            error={fault}
            visibilityToggleButtonProps={{ 'aria-label': texts.signIn.showPassword }}
          />
          {!isFirstTry && error && fault === undefined && <SignInFailure error={error} />}
          <Button type="submit" loading={isPending}>
            {link.submit}
          </Button>
        </Stack>
      </form>
    </Page>
  );
}

/** What the server says about the password. Undefined for another failure. */
function faultOf(error: unknown): string | undefined {
  if (!(error instanceof ValidationError)) return undefined;
  return error.errors.map(({ message }) => message).join(' ') || error.detail;
}
