import { Button, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { Failure } from '../frame/failure.tsx';
import { Page } from '../frame/page.tsx';
import { useOrganisation, useSession } from '../frame/session.ts';
import { signInMethods } from '../frame/sign-in-methods.ts';
import { texts } from '../texts.ts';
import { IdentitySection } from './identity.tsx';
import { PasskeySection } from './passkeys.tsx';
import { PasswordSection } from './password.tsx';
import { ProfileSection } from './profile.tsx';

const { account } = texts;

/** The person's own account: name, password, passkeys, and the way to the sessions. */
export default function AccountPage() {
  const { organisation } = useOrganisation();
  const { data: session } = useSession();
  const { data: methods, error, refetch } = useQuery(signInMethods);
  if (!session) return null;
  return (
    <Page title={account.title}>
      <Stack gap="xl" maw={640}>
        <ProfileSection session={session} />
        <PasswordSection session={session} />
        <PasskeySection session={session} />
        {error ? (
          <Failure error={error} retry={() => void refetch()} />
        ) : (
          methods && <IdentitySection name={methods.openid?.name} />
        )}
        <section aria-labelledby="own-sessions">
          <Stack align="flex-start" gap="sm">
            <Title order={2} id="own-sessions">
              {account.sessions.title}
            </Title>
            <Text size="sm">{account.sessions.advice}</Text>
            <Button component={Link} href={`/${organisation}/sessions`} variant="default">
              {account.sessions.open}
            </Button>
          </Stack>
        </section>
      </Stack>
    </Page>
  );
}
