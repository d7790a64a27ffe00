import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { backAddress } from '../frame/address.ts';
import { forgetLinkToken, useLinkToken } from '../frame/link-token.ts';
import { NarrowPage } from '../frame/narrow-page.tsx';
import { enterSession, type Session } from '../frame/session.ts';
import { LinkForm } from './link-form.tsx';
import { PasswordForm } from './password-form.tsx';

/** The page on which a person signs in, by a password or by a one-time link. */
export default function SignInPage() {
  const [token, setToken] = useLinkToken();
  const [isLinkInvalid, setIsLinkInvalid] = useState(false);
  const [, navigate] = useLocation();
  const search = useSearch();

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
    <NarrowPage>
      {token ? (
        <LinkForm key={token} token={token} onSignedIn={onSignedIn} onInvalid={onInvalid} />
      ) : (
        <PasswordForm isLinkInvalid={isLinkInvalid} onSignedIn={onSignedIn} />
      )}
    </NarrowPage>
  );
}
