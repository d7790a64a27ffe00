import { Badge, Button, Group, Select, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { queryClient, useOrganisation, useSession } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';
import {
  type Account,
  accountsKey,
  isLastAdministrator,
  ROLES,
  type Role,
  roleOf,
  type ShownLink,
} from './accounts.ts';
import { InviteDialog } from './invite-dialog.tsx';
import { LinkDialog } from './link-dialog.tsx';
import { PersonMenu } from './person-menu.tsx';

const { people, roles } = texts.settings;

/** The accounts of the organisation, for its administrators. */
export function People() {
  const { organisation } = useOrganisation();
  const [isInviting, setIsInviting] = useState(false);
  const [shown, setShown] = useState<ShownLink>();
  const { data, error, refetch } = useQuery({
    queryKey: accountsKey(organisation),
    queryFn: ({ signal }) => clientOf(organisation).manage.accounts.list({ signal }),
  });
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm">{people.intro}</Text>
        <Button onClick={() => setIsInviting(true)}>{people.invite}</Button>
      </Group>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : data ? (
        <AccountTable accounts={data} onLink={setShown} />
      ) : (
        <Waiting />
      )}
      <InviteDialog
        opened={isInviting}
        onClose={() => setIsInviting(false)}
        onInvited={(link) => {
          setIsInviting(false);
          setShown(link);
        }}
      />
      <LinkDialog shown={shown} onClose={() => setShown(undefined)} />
    </Stack>
  );
}

interface AccountTableProps {
  accounts: readonly Account[];
  onLink: (link: ShownLink) => void;
}

function AccountTable({ accounts, onLink }: AccountTableProps) {
  const { organisation } = useOrganisation();
  const { data: session } = useSession();
  const { mutate, error } = useMutation({
    mutationFn: ({ accountId, role }: { accountId: string; role: Role }) =>
      clientOf(organisation).manage.accounts.update(accountId, { role }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: accountsKey(organisation) }),
    // The session names the own role.
    onSuccess: ({ accountId }) =>
      accountId === session?.account.accountId
        ? queryClient.invalidateQueries({ queryKey: ['session'] })
        : undefined,
  });
  const last = accounts.find((account) => isLastAdministrator(account, accounts));
  return (
    <>
      {error && <Failure error={error} />}
      <ScrollTable label={texts.settings.views.people} columns={people.columns} withControls minWidth={640}>
        {accounts.map((account) => (
          <Table.Tr key={account.accountId}>
            <Table.Td>
              <Text size="sm">
                {account.name ?? account.email}{' '}
                {account.accountId === session?.account.accountId && (
                  <Badge variant="outline">{people.you}</Badge>
                )}
              </Text>
              {account.name !== null && (
                <Text size="sm" c="dimmed">
                  {account.email}
                </Text>
              )}
            </Table.Td>
            <Table.Td>
              {account.roleFrom === 'claim' ? (
                <Text size="sm">
                  {roles[account.role as keyof typeof roles]}, {people.fromClaim}
                </Text>
              ) : (
                <Select
                  aria-label={people.roleOf(account.email)}
                  size="xs"
                  w={150}
                  allowDeselect={false}
                  value={account.role}
                  disabled={account === last}
                  data={ROLES.map((value) => ({ value, label: roles[value] }))}
                  onChange={(value) => {
                    const role = roleOf(value);
                    if (role && role !== account.role) mutate({ accountId: account.accountId, role });
                  }}
                />
              )}
            </Table.Td>
            <Table.Td>{people.states[account.state as keyof typeof people.states]}</Table.Td>
            <Table.Td>{formatInstant(account.acceptedAt ?? account.invitedAt)}</Table.Td>
            <Table.Td>
              <PersonMenu account={account} isLast={account === last} onLink={onLink} />
            </Table.Td>
          </Table.Tr>
        ))}
      </ScrollTable>
      {last && last.accountId === session?.account.accountId && (
        <Text size="sm">{people.lastAdministrator}</Text>
      )}
      <ZoneNote />
    </>
  );
}
