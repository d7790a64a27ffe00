import { Alert, Button, Stack, Text } from '@mantine/core';
import { PermissionError } from '@rollcall/sdk';
import { Link, useLocation } from 'wouter';
import { freshSignInAddress } from '../frame/address.ts';
import { Failure } from '../frame/failure.tsx';
import { texts } from '../texts.ts';

const { account } = texts;

/** As `Failure`. Leads to the sign-in page if the server wants a newer sign-in. */
export function FreshFailure({ error }: { error: unknown }) {
  const [path] = useLocation();
  if (!(error instanceof PermissionError)) return <Failure error={error} />;
  return (
    <Alert color="red" variant="outline" role="alert" title={account.freshAdvice}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{error.detail}</Text>
        <Button component={Link} href={freshSignInAddress(path)} variant="default" size="xs">
          {account.signInAgain}
        </Button>
      </Stack>
    </Alert>
  );
}
