import { Group, Paper, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { backAddress } from '../frame/address.ts';
import { ColourSchemeMenu } from '../frame/colour-scheme.tsx';
import { forgetLinkToken, linkToken } from '../frame/link-token.ts';
import { enterSession, type Session } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { LinkForm } from './link-form.tsx';
import { PasswordForm } from './password-form.tsx';

/** The page on which a person signs in, by a password or by a one-time link. */
export default function SignInPage() {
  const [token, setToken] = useState(linkToken);
  const [isLinkInvalid, setIsLinkInvalid] = useState(false);
  const [, navigate] = useLocation();
  const search = useSearch();

  useEffect(() => {
    // A second link in the same tab changes only the part of the address after `#`.
    const onHashChange = () => {
      setToken(linkToken());
    };
    window.addEventListener('hashchange', onHashChange);
    return () => window.removeEventListener('hashchange', onHashChange);
  }, []);

  const onSignedIn = (session: Session) => {
    forgetLinkToken();
    enterSession(session);
    navigate(backAddress(search), { replace: true });
  };
  const onInvalid = () => {
    forgetLinkToken();
    setIsLinkInvalid(true);
    setToken(undefined);
  };
  return (
    <main className="narrow">
      <Group justify="space-between" mb="md">
        <Text fw={600}>{texts.product}</Text>
        <ColourSchemeMenu />
      </Group>
      <Paper withBorder p="lg">
        {token ? (
          <LinkForm key={token} token={token} onSignedIn={onSignedIn} onInvalid={onInvalid} />
        ) : (
          <PasswordForm isLinkInvalid={isLinkInvalid} onSignedIn={onSignedIn} />
        )}
      </Paper>
    </main>
  );
}
