import { Anchor, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { consolePath } from '../frame/address.ts';
import { clientOf } from '../frame/client.ts';
import { NarrowPage } from '../frame/narrow-page.tsx';
import { Page } from '../frame/page.tsx';
import { enterSession, SIGNS_IN } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { SignInFailure } from './sign-in-failure.tsx';

const { signIn } = texts;

/** The page to which the identity provider sends the browser back. */
export default function ProviderReturnPage() {
  const [, navigate] = useLocation();
  const { mutate, error } = useMutation({
    meta: SIGNS_IN,
    mutationFn: (query: string) => clientOf().session.finishOpenId({ query }),
    onSuccess: ({ session, back }) => {
      enterSession(session);
      navigate(consolePath(back), { replace: true });
    },
  });
  const isReturned = useRef(false);
  useEffect(() => {
    if (isReturned.current) return;
    isReturned.current = true;
    const { search, pathname } = window.location;
    // The code leaves the address and the browser's history at once.
    window.history.replaceState(window.history.state, '', pathname);
    mutate(search.slice(1));
  }, [mutate]);
  return (
    <NarrowPage>
      <Page title={signIn.title}>
        {error ? (
          <Stack>
            <SignInFailure error={error} />
            <Anchor component={Link} href="/sign-in">
              {signIn.again}
            </Anchor>
          </Stack>
        ) : (
          <Text role="status">{signIn.returning}</Text>
        )}
      </Page>
    </NarrowPage>
  );
}
