import { Alert, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { Failure } from '../frame/failure.tsx';
import { formatWhole } from '../frame/format.ts';
import { texts } from '../texts.ts';
import type { Retry, RetryProgress } from './refused-retry.ts';

const { refused } = texts;

/** How far a retry is, and what became of it. Screen readers say it. */
export function RetryResult({ retry: { progress, start, stop } }: { retry: Retry }) {
  return (
    <div role="status">
      {progress && progress.state !== 'failed' && <Report progress={progress} stop={stop} />}
      {progress?.state === 'failed' && (
        <Stack gap="xs">
          <Failure error={progress.error} retry={() => start(progress.selection)} />
          {tried(progress) > 0 && <Text size="sm">{summaryOf(progress)}</Text>}
        </Stack>
      )}
    </div>
  );
}

function Report({ progress, stop }: { progress: RetryProgress; stop: () => void }) {
  const done = tried(progress);
  const all = done + progress.remaining;
  if (progress.state === 'running') {
    const text = refused.progress(formatWhole(done), formatWhole(all));
    return (
      <Group gap="sm">
        <Progress.Root flex={1} miw={160}>
          <Progress.Section value={all === 0 ? 0 : (100 * done) / all} aria-label={text} />
        </Progress.Root>
        <Text size="sm">{text}</Text>
        <Button variant="default" size="compact-sm" onClick={stop}>
          {refused.stop}
        </Button>
      </Group>
    );
  }
  return (
    <Alert variant="outline" color={progress.refused + progress.skipped > 0 ? 'yellow' : 'teal'}>
      <Text size="sm" data-retry={progress.state}>
        {summaryOf(progress)}
      </Text>
      {progress.state === 'stopped' && <Text size="sm">{refused.stopped}</Text>}
      <Reasons progress={progress} />
    </Alert>
  );
}

/** The different reasons of the last step. */
function Reasons({ progress: { results } }: { progress: RetryProgress }) {
  const reasons = results.flatMap(({ result, reason }) =>
    reason === null || result === 'mended'
      ? []
      : result === 'skipped'
        ? refused.notTried(reason)
        : refused.refusedAgain(reason),
  );
  return [...new Set(reasons)].map((reason) => (
    <Text size="sm" key={reason}>
      {reason}
    </Text>
  ));
}

function tried({ mended, refused: again, skipped }: RetryProgress): number {
  return mended + again + skipped;
}

function summaryOf({ mended, refused: again, skipped }: RetryProgress): string {
  return refused.result(formatWhole(mended), formatWhole(again), formatWhole(skipped));
}
