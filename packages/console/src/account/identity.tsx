import { Button, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { useParameters } from '../frame/address.ts';
import { clientOf } from '../frame/client.ts';
import { texts } from '../texts.ts';
import { FreshFailure } from './fresh-failure.tsx';

const { identity } = texts.account;

/** Connects the account with the person's identity at the provider `name`. */
export function IdentitySection({ name }: { name: string }) {
  const [path] = useLocation();
  const [parameters] = useParameters();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => clientOf().session.startOpenId({ back: `${path}?connected=yes`, link: true }),
    onSuccess: ({ location }) => window.location.assign(location),
  });
  return (
    <section aria-labelledby="own-identity">
      <Stack gap="sm" align="flex-start">
        <Title order={2} id="own-identity">
          {identity.title}
        </Title>
        {parameters.has('connected') ? (
          <Text size="sm" role="status">
            {identity.connected}
          </Text>
        ) : (
          <Text size="sm">{identity.intro(name)}</Text>
        )}
        {error && <FreshFailure error={error} />}
        <Button variant="default" loading={isPending} onClick={() => mutate()}>
          {identity.connect(name)}
        </Button>
      </Stack>
    </section>
  );
}
