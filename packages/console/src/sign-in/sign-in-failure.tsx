import { Alert, Button, Stack } from '@mantine/core';
import { AuthenticationError, ConflictError, PermissionError, ValidationError } from '@rollcall/sdk';
import { Failure } from '../frame/failure.tsx';
import { isRefusedByBrowser } from '../frame/passkey.ts';
import { texts } from '../texts.ts';

const REFUSALS = [AuthenticationError, ConflictError, PermissionError, ValidationError];

/** Why a sign-in failed, in the words of the server, or because the browser made no answer. */
export function SignInFailure({ error, retry }: { error: unknown; retry?: () => void }) {
  const isRefusal = REFUSALS.some((each) => error instanceof each);
  if (!isRefusal && !isRefusedByBrowser(error))
    return <Failure error={error} {...(retry ? { retry } : {})} />;
  return (
    <Alert role="alert" variant="outline" color="red">
      {isRefusal ? (
        (error as AuthenticationError).detail
      ) : (
        <Stack gap="xs" align="flex-start">
          {texts.signIn.passkeyRefused}
          {retry && (
            <Button variant="default" size="xs" onClick={retry}>
              {texts.failures.retry}
            </Button>
          )}
        </Stack>
      )}
    </Alert>
  );
}
