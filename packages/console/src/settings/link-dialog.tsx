import { Button, CopyButton, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { formatZonedInstant } from '../frame/format.ts';
import { texts } from '../texts.ts';
import type { ShownLink } from './accounts.ts';

const { close, people } = texts.settings;

/** Shows a one-time link. The page forgets it with the dialog. */
export function LinkDialog({ shown, onClose }: { shown: ShownLink | undefined; onClose: () => void }) {
  return (
    <Modal
      opened={shown !== undefined}
      onClose={onClose}
      size="lg"
      title={people.link.title}
      closeButtonProps={{ 'aria-label': close }}
    >
      {shown && <Content shown={shown} onClose={onClose} />}
    </Modal>
  );
}

function Content({ shown, onClose }: { shown: ShownLink; onClose: () => void }) {
  // Without a public URL, the server answers a path.
  const address = new URL(shown.link, window.location.origin).href;
  return (
    <Stack>
      <Text size="sm">{people.link.advice(shown.email)}</Text>
      <Group align="flex-end" wrap="nowrap">
        <TextInput
          label={people.link.label}
          value={address}
          readOnly
          flex={1}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
        <CopyButton value={address}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? people.link.copied : people.link.copy}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Text size="sm">{people.link.expires(formatZonedInstant(shown.expiresAt))}</Text>
      <Group justify="flex-end">
        <Button onClick={onClose}>{close}</Button>
      </Group>
    </Stack>
  );
}
