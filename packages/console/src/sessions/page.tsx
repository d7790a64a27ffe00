import { Badge, Button, Stack, Table, Text } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { browserName } from '../frame/browser-name.ts';
import { clientOf } from '../frame/client.ts';
import { ConfirmDialog } from '../frame/confirm-dialog.tsx';
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
      {ending && <EndDialog session={ending} onClose={() => setEnding(undefined)} />}
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

function EndDialog({ session, onClose }: { session: ListedSession; onClose: () => void }) {
  const end = async () => {
    await clientOf().session.end(session.sessionId);
    if (session.current) forgetEverything();
    else await queryClient.invalidateQueries({ queryKey: OWN_SESSIONS });
  };
  return (
    <ConfirmDialog
      title={sessions.confirmTitle}
      paragraphs={[sessions.confirm(browserName(session.userAgent))]}
      submit={sessions.end}
      cancel={sessions.cancel}
      act={end}
      onClose={onClose}
    />
  );
}
