import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { browserName } from '../frame/browser-name.ts';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { TableHead } from '../frame/scroll-table.tsx';
import { queryClient, useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';

const { people, close } = texts.settings;

/** The sessions of another person, and the way to end them. */
export function PersonSessions({ accountId, onClose }: { accountId: string; onClose: () => void }) {
  const { organisation } = useOrganisation();
  const queryKey = ['sessions of a person', organisation, accountId];
  const { data, error, refetch } = useQuery({
    queryKey,
    staleTime: 0,
    queryFn: ({ signal }) => clientOf(organisation).manage.accounts.sessions(accountId, { signal }),
  });
  const ending = useMutation({
    mutationFn: () => clientOf(organisation).manage.accounts.endSessions(accountId),
    onSuccess: () => queryClient.invalidateQueries({ queryKey }),
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <Stack>
      {data.length === 0 ? (
        <Text size="sm" role="status">
          {people.noSessions}
        </Text>
      ) : (
        <Table>
          <TableHead columns={texts.sessions.columns} />
          <Table.Tbody>
            {data.map((session) => (
              <Table.Tr key={session.sessionId}>
                <Table.Td>{browserName(session.userAgent)}</Table.Td>
                <Table.Td>{session.address}</Table.Td>
                <Table.Td>{formatInstant(session.createdAt)}</Table.Td>
                <Table.Td>{formatInstant(session.lastUsedAt)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {data.length > 0 && <ZoneNote />}
      {ending.error && <Failure error={ending.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {close}
        </Button>
        {data.length > 0 && (
          <Button color="red.9" loading={ending.isPending} onClick={() => ending.mutate()}>
            {people.endSessions}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
