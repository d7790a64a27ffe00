import { Badge, Button, Group, Modal, Stack, Table, Text } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { browserName } from '../frame/browser-name.ts';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { Page } from '../frame/page.tsx';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { forgetEverything, queryClient } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';

type ListedSession = Reply<'GET /v1/session/sessions'>['items'][number];

const OWN_SESSIONS = ['own sessions'];
const { sessions } = texts;

/** The person's own sessions. */
export default function SessionsPage() {
  const [ending, setEnding] = useState<ListedSession>();
  const { data, error, refetch } = useQuery({
    queryKey: OWN_SESSIONS,
    queryFn: ({ signal }) => clientOf().session.list({ signal }),
  });
  return (
    <Page title={sessions.title}>
      <Stack>
        <Text size="sm">{sessions.intro}</Text>
        {error ? (
          <Failure error={error} retry={() => void refetch()} />
        ) : data ? (
          <SessionTable items={data} onEnd={setEnding} />
        ) : (
          <Waiting />
        )}
      </Stack>
      <EndDialog session={ending} onClose={() => setEnding(undefined)} />
    </Page>
  );
}

function SessionTable({
  items,
  onEnd,
}: {
  items: readonly ListedSession[];
  onEnd: (session: ListedSession) => void;
}) {
  return (
    <>
      <ScrollTable label={sessions.title} columns={sessions.columns} withControls minWidth={560}>
        {items.map((session) => (
          <Table.Tr key={session.sessionId}>
            <Table.Td>
              {browserName(session.userAgent)}{' '}
              {session.current && <Badge variant="outline">{sessions.current}</Badge>}
            </Table.Td>
            <Table.Td>{session.address}</Table.Td>
            <Table.Td>{formatInstant(session.createdAt)}</Table.Td>
            <Table.Td>{formatInstant(session.lastUsedAt)}</Table.Td>
            <Table.Td>
              <Button
                variant="default"
                size="compact-sm"
                aria-label={sessions.endLabel(browserName(session.userAgent))}
                onClick={() => onEnd(session)}
              >
                {sessions.end}
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      </ScrollTable>
      <ZoneNote />
    </>
  );
}

function EndDialog({ session, onClose }: { session: ListedSession | undefined; onClose: () => void }) {
  const { mutate, error, isPending, reset } = useMutation({
    mutationFn: ({ sessionId }: ListedSession) => clientOf().session.end(sessionId),
    onSuccess: (_, { current }) => {
      onClose();
      return current ? forgetEverything() : queryClient.invalidateQueries({ queryKey: OWN_SESSIONS });
    },
  });
  const close = () => {
    reset();
    onClose();
  };
  return (
    <Modal
      opened={session !== undefined}
      onClose={close}
      title={sessions.confirmTitle}
      closeButtonProps={{ 'aria-label': sessions.cancel }}
    >
      {session && (
        <Stack>
          <Text size="sm">{sessions.confirm(browserName(session.userAgent))}</Text>
          {error && <Failure error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {sessions.cancel}
            </Button>
            <Button color="red.9" loading={isPending} onClick={() => mutate(session)}>
              {sessions.end}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
