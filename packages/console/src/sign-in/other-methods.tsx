import { Button, Divider, Stack } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useSearch } from 'wouter';
import { backAddress, mustBeFresh } from '../frame/address.ts';
import { clientOf } from '../frame/client.ts';
import { askPasskey, hasPasskeys } from '../frame/passkey.ts';
import { type Session, SIGNS_IN } from '../frame/session.ts';
import { signInMethods } from '../frame/sign-in-methods.ts';
import { texts } from '../texts.ts';
import { SignInFailure } from './sign-in-failure.tsx';

const { signIn } = texts;

interface OtherMethodsProps {
  /** A one-time link that the identity provider may redeem; a passkey does not. */
  linkToken: string | undefined;
  onSignedIn: (session: Session) => void;
}

/** The ways to sign in besides a password, as far as the server and the browser have them. */
export function OtherMethods({ linkToken, onSignedIn }: OtherMethodsProps) {
  const search = useSearch();
  const { data } = useQuery(signInMethods);
  const passkey = useMutation({
    meta: SIGNS_IN,
    mutationFn: async () => {
      const { session } = clientOf();
      const credential = await askPasskey(await session.startPasskeySignIn());
      return session.signInWithPasskey({ credential });
    },
    onSuccess: onSignedIn,
  });
  const openId = useMutation({
    meta: SIGNS_IN,
    mutationFn: () =>
      clientOf().session.startOpenId({
        back: backAddress(search),
        ...(linkToken ? { linkToken } : {}),
        askAgain: mustBeFresh(search),
      }),
    onSuccess: ({ location }) => window.location.assign(location),
  });
  const error = passkey.error ?? openId.error;
  const withPasskey = linkToken === undefined && hasPasskeys();
  if (!withPasskey && !data?.openid) return null;
  return (
    <Stack mb="md">
      {error && <SignInFailure error={error} />}
      {data?.openid && (
        <Button variant="default" loading={openId.isPending} onClick={() => openId.mutate()}>
          {signIn.withProvider(data.openid.name)}
        </Button>
      )}
      {withPasskey && (
        <Button variant="default" loading={passkey.isPending} onClick={() => passkey.mutate()}>
          {signIn.withPasskey}
        </Button>
      )}
      <Divider label={signIn.or} />
    </Stack>
  );
}
