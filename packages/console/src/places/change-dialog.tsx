import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { Effects } from '../frame/effects.tsx';
import { Failure } from '../frame/failure.tsx';
import type { Kind } from '../frame/nodes.ts';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import type { Row } from '../frame/versions.ts';
import { texts } from '../texts.ts';
import { callsOf } from './kinds.ts';

const { effects: words } = texts.places;

/** A change that may affect bookings. */
export interface LargeChange {
  what: 'retire' | 'move';
  change: Row;
}

interface ChangeDialogProps {
  node: { nodeId: string; kind: Kind; name: string };
  large: LargeChange;
  isPending: boolean;
  error: unknown;
  onClose: () => void;
  onConfirm: () => void;
}

/** Shows what a change would do to bookings, as the server found by trying it, and asks for consent. */
export function ChangeDialog({ node, large, isPending, error, onClose, onConfirm }: ChangeDialogProps) {
  const { organisation } = useOrganisation();
  const { nodeId, kind, name } = node;
  const { what, change } = large;
  const effects = useQuery({
    queryKey: [organisation, 'effects', nodeId, change],
    queryFn: () => callsOf(clientOf(organisation).manage, kind).effects(nodeId, change),
    // Bookings change all the time.
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={words.title[what](name)}
      closeButtonProps={{ 'aria-label': words.cancel }}
    >
      <Stack>
        {effects.error ? (
          <Failure error={effects.error} retry={() => void effects.refetch()} />
        ) : effects.data ? (
          <>
            <Text size="sm">{words.note}</Text>
            <Effects effects={effects.data} />
          </>
        ) : (
          <Group gap="xs">
            <Waiting />
            <Text size="sm">{words.asking}</Text>
          </Group>
        )}
        {Boolean(error) && <Failure error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {words.cancel}
          </Button>
          <Button color="red.9" disabled={!effects.data} loading={isPending} onClick={onConfirm}>
            {words.confirm[what]}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
