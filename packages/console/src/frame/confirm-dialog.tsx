import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ComponentType } from 'react';
import { Failure } from './failure.tsx';

interface ConfirmDialogProps {
  title: string;
  /** What happens, as paragraphs. */
  paragraphs: readonly string[];
  /** The word on the button that does it. */
  submit: string;
  cancel: string;
  act: () => Promise<unknown>;
  onClose: () => void;
  /** Called in place of `onClose` when it is done. */
  onDone?: () => void;
  /** Says why it failed. */
  failure?: ComponentType<{ error: Error }>;
}

/** Asks before something is removed or ended. Draw it while it is open. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const {
    title,
    paragraphs,
    submit,
    cancel,
    act,
    onClose,
    onDone = onClose,
    failure: Fault = Failure,
  } = props;
  const { mutate, error, isPending } = useMutation({ mutationFn: act, onSuccess: onDone });
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': cancel }}>
      <Stack>
        {paragraphs.map((paragraph) => (
          <Text key={paragraph} size="sm">
            {paragraph}
          </Text>
        ))}
        {error && <Fault error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {cancel}
          </Button>
          <Button color="red.9" loading={isPending} onClick={() => mutate()}>
            {submit}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
