import { Alert, Button, Stack, Text } from '@mantine/core';
import { NetworkError, PermissionError, RollcallError, TimeoutError, UnavailableError } from '@rollcall/sdk';
import { texts } from '../texts.ts';

const { failures } = texts;

/** What went wrong, and what to do next. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { title, advice } = explanationOf(error);
  return (
    <Alert color="red" variant="outline" title={title} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{advice}</Text>
        <Details error={error} />
        {retry && (
          <Button variant="default" size="xs" onClick={retry}>
            {failures.retry}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

function Details({ error }: { error: unknown }) {
  if (!(error instanceof RollcallError)) return null;
  return (
    <Text size="sm" c="dimmed">
      {error.detail}
      {error.correlationId && ` ${failures.correlation(error.correlationId)}`}
    </Text>
  );
}

function explanationOf(error: unknown): { title: string; advice: string } {
  if (error instanceof PermissionError) return failures.forbidden;
  if (error instanceof UnavailableError) return failures.unavailable;
  if (error instanceof NetworkError || error instanceof TimeoutError) return failures.unreachable;
  if (error instanceof RollcallError) return failures.refused;
  return failures.broken;
}
