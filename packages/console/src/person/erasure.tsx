import { Button, Group, Loader, Modal, Stack, Table, Text, TextInput } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../frame/failure.tsx';
import { formatWhole, formatZonedInstant } from '../frame/format.ts';
import { DOWNLOAD_TIMEOUT_MS } from '../frame/save-file.ts';
import { texts } from '../texts.ts';
import { type Profile, useManage } from './answers.ts';

const { erasure: words } = texts.person.about;

/** Erases a person, after it has shown what is held. */
export function Erasure({ profile }: { profile: Profile }) {
  const [isOpen, setOpen] = useState(false);
  const [isRequested, setRequested] = useState(false);
  if (isRequested) return <Text size="sm">{words.requested}</Text>;
  return (
    <Stack gap="xs">
      <Text size="sm">{words.intro}</Text>
      <Group>
        <Button variant="default" size="xs" onClick={() => setOpen(true)}>
          {words.begin}
        </Button>
      </Group>
      {isOpen && (
        <ErasureDialog profile={profile} onClose={() => setOpen(false)} onDone={() => setRequested(true)} />
      )}
    </Stack>
  );
}

const LOOK_AGAIN_MS = 2_000;

type Answer = Reply<'GET /v1/manage/users/{userId}/erasure'>;

function isPendingErasure(answer: Answer | undefined): boolean {
  return answer?.erasure != null && answer.erasure.finishedAt === null;
}

/** How far a requested erasure has come. */
function ErasureState({ erasure }: { erasure: NonNullable<Answer['erasure']> }) {
  const { requestedAt, finishedAt } = erasure;
  const rows = Object.values(erasure.rows).reduce((sum, count) => sum + count, 0);
  return (
    <Text size="sm" role="status">
      {finishedAt === null
        ? words.pending(formatZonedInstant(requestedAt), formatWhole(rows))
        : words.finished(formatZonedInstant(finishedAt))}
    </Text>
  );
}

interface ErasureDialogProps {
  profile: Profile;
  onClose: () => void;
  onDone: () => void;
}

/** Shows the counts, and erases when the user name is typed. */
function ErasureDialog({ profile: { userId, userName }, onClose, onDone }: ErasureDialogProps) {
  const manage = useManage();
  const [typed, setTyped] = useState('');
  const held = useQuery({
    queryKey: ['erasure', userId],
    queryFn: () => manage.users.erasure(userId, { timeoutMs: DOWNLOAD_TIMEOUT_MS }),
    gcTime: 0,
    refetchInterval: ({ state }) => (isPendingErasure(state.data) ? LOOK_AGAIN_MS : false),
  });
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => manage.users.erase(userId),
    onSuccess: onDone,
  });
  const [category, rows, effect] = words.columns;
  // Nothing is left to confirm. A person whom a restore brought back has rows again.
  const isOver = held.data?.erasure != null && held.data.categories.length === 0;
  return (
    <Modal
      opened
      size="lg"
      onClose={onClose}
      title={words.dialogTitle(userName)}
      closeButtonProps={{ 'aria-label': isOver ? words.close : words.cancel }}
    >
      <Stack>
        {held.isPending && <Loader size="sm" />}
        {held.error && <Failure error={held.error} retry={() => held.refetch()} />}
        {held.data?.erasure && <ErasureState erasure={held.data.erasure} />}
        {held.data && held.data.categories.length > 0 && (
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{category}</Table.Th>
                <Table.Th>{rows}</Table.Th>
                <Table.Th>{effect}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {held.data.categories
                .filter((each) => each.rows + each.pseudonymRows > 0)
                .map((each) => (
                  <Table.Tr key={each.name}>
                    <Table.Td>{each.title}</Table.Td>
                    <Table.Td>{each.rows}</Table.Td>
                    <Table.Td>
                      {each.erasure}
                      {each.pseudonymRows > 0 && words.pseudonymRows(formatWhole(each.pseudonymRows))}
                    </Table.Td>
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </Table>
        )}
        {isOver ? (
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.close}
            </Button>
          </Group>
        ) : (
          <>
            <Text size="sm">{words.advice}</Text>
            <TextInput
              label={words.confirm(userName)}
              value={typed}
              autoComplete="off"
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            {error && <Failure error={error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {words.cancel}
              </Button>
              <Button
                color="red.9"
                loading={isPending}
                disabled={!held.data || typed !== userName}
                onClick={() => mutate()}
              >
                {words.submit}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Modal>
  );
}
