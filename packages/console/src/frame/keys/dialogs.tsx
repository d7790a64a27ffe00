import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent, ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { ConfirmDialog } from '../confirm-dialog.tsx';
import { Failure } from '../failure.tsx';
import { formatZonedInstant } from '../format.ts';
import { queryClient } from '../session.ts';

const { integrations } = texts;

interface FormDialogProps<T> {
  title: string;
  submit: string;
  /** Sends what the fields hold. */
  send: (fields: FormData) => Promise<T>;
  /** What becomes out of date. */
  queryKey: readonly unknown[];
  onClose: () => void;
  /** The fields. */
  children: ReactNode;
  /** Takes the result; the dialog closes then. */
  onResult?: ((result: T) => void) | undefined;
  /** The dialog after success: its title and content. */
  after?: ((result: T, close: () => void) => { title: string; content: ReactNode }) | undefined;
}

/**
 * A dialog with a form. Draw it while it is open. A secret in the result goes with the dialog, and Escape does not close
 * it then.
 */
export function FormDialog<T>(props: FormDialogProps<T>) {
  const { title, submit, send, queryKey, onClose, children, onResult, after } = props;
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: send,
    // The secret must not stay in memory.
    gcTime: 0,
    onSuccess: (result) => {
      onResult?.(result);
      if (!after) onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey }),
  });
  const result = data !== undefined && after ? after(data, onClose) : undefined;
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    mutate(new FormData(event.currentTarget));
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={result?.title ?? title}
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={!result}
      closeButtonProps={{ 'aria-label': integrations.close }}
    >
      {result?.content ?? (
        <form onSubmit={onSubmit}>
          <Stack>
            {children}
            {error && <Failure error={error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {integrations.cancel}
              </Button>
              <Button type="submit" loading={isPending}>
                {submit}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

interface RevokeDialogProps {
  title: string;
  /** What happens, and the last use. */
  paragraphs: readonly string[];
  revoke: () => Promise<void>;
  queryKey: readonly unknown[];
  onClose: () => void;
}

/** Asks before a key or a token is revoked. Draw it while it is open. */
export function RevokeDialog({ title, paragraphs, revoke, queryKey, onClose }: RevokeDialogProps) {
  return (
    <ConfirmDialog
      title={title}
      paragraphs={paragraphs}
      submit={integrations.keys.revoke}
      cancel={integrations.cancel}
      act={() => revoke().finally(() => queryClient.invalidateQueries({ queryKey }))}
      onClose={onClose}
    />
  );
}

/** The sentence about the last use of a key or a token. */
export function lastUseOf(
  lastUsedAt: string | null,
  { lastUsed, neverUsed }: { lastUsed: (instant: string) => string; neverUsed: string },
): string {
  return lastUsedAt ? lastUsed(formatZonedInstant(lastUsedAt)) : neverUsed;
}

/** The `expiresAt` of a form: the start of the chosen day in the browser's time zone. Undefined without a day. */
export function expiryOf(fields: FormData): string | undefined {
  const day = String(fields.get('expiresOn') ?? '');
  return day ? new Date(`${day}T00:00:00`).toISOString() : undefined;
}
