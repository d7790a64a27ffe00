import { Button, Group, Text } from '@mantine/core';
import { NetworkError, PermissionError, RollcallError, TimeoutError, UnavailableError } from '@rollcall/sdk';
import { texts } from '../../texts.ts';
import type { StoreState } from './draft.ts';
import type { DraftSession } from './draft-session.ts';

const { state: words, reasons } = texts.floor.editor;

/** Whether what is on the screen is stored. */
export function StoreStateView({ store, session }: { store: StoreState; session: DraftSession }) {
  const hasFailed = store.kind === 'failed' || store.kind === 'refused';
  return (
    <Group gap="xs" data-store={store.kind}>
      <Text size="sm" role="status" c={hasFailed || store.kind === 'conflict' ? 'red' : 'dimmed'}>
        {wordsOf(store)}
      </Text>
      {hasFailed && (
        <Button size="compact-sm" variant="default" onClick={() => void session.flush()}>
          {words.again}
        </Button>
      )}
    </Group>
  );
}

function wordsOf(store: StoreState): string {
  if (store.kind === 'failed') return words.failed(`${reasonOf(store.error)} ${words.triedAgain}`);
  if (store.kind === 'refused') return words.failed(reasonOf(store.error));
  if (store.kind === 'conflict') return words.waiting;
  return words[store.kind];
}

function reasonOf(error: unknown): string {
  if (error instanceof PermissionError) return reasons.forbidden;
  if (error instanceof UnavailableError) return reasons.unavailable;
  if (error instanceof NetworkError || error instanceof TimeoutError) return reasons.unreachable;
  return error instanceof RollcallError ? error.detail : reasons.other;
}
