import { Badge, Button, Group, Select, Stack, Table, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { memo, useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { FoundRows, SearchField, useSearch } from '../frame/search.tsx';
import { queryClient, useOrganisation, useSession } from '../frame/session.ts';
import { VirtualTable } from '../frame/virtual-table.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';
import {
  type Account,
  accountsKey,
  ROLES,
  type Role,
  roleOf,
  type ShownLink,
  useAccounts,
} from './accounts.ts';
import { InviteDialog } from './invite-dialog.tsx';
import { LinkDialog } from './link-dialog.tsx';
import { PersonMenu } from './person-menu.tsx';

const { people, roles } = texts.settings;
/** In pixels: two lines. */
const ROW_HEIGHT = 53;
const TABLE_HEIGHT = 560;

/** The accounts of the organisation, for its administrators. The address holds what one searches for. */
export function People() {
  const [isInviting, setIsInviting] = useState(false);
  const [shown, setShown] = useState<ShownLink>();
  const search = useSearch();
  const found = useAccounts(search);
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm">{people.intro}</Text>
        <Button onClick={() => setIsInviting(true)}>{people.invite}</Button>
      </Group>
      <SearchField label={people.search} hint={people.searchHint} />
      <FoundRows found={found} search={search} none={people.noMatch}>
        {(accounts, onNearEnd) => (
          <AccountTable key={search} accounts={accounts} onLink={setShown} onNearEnd={onNearEnd} />
        )}
      </FoundRows>
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
  onNearEnd: (() => void) | undefined;
}

function AccountTable({ accounts, onLink, onNearEnd }: AccountTableProps) {
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
  const isOwn = ({ accountId }: Account) => accountId === session?.account.accountId;
  return (
    <>
      {error && <Failure error={error} />}
      <VirtualTable
        withControls
        label={texts.settings.views.people}
        columns={people.columns}
        minWidth={760}
        maxHeight={TABLE_HEIGHT}
        rowHeight={ROW_HEIGHT}
        count={accounts.length}
        onNearEnd={onNearEnd}
        cells={(index) => {
          const account = accounts[index];
          return (
            account && (
              <AccountCells account={account} isOwn={isOwn(account)} onRole={mutate} onLink={onLink} />
            )
          );
        }}
      />
      {accounts.some((account) => account.lastAdministrator && isOwn(account)) && (
        <Text size="sm">{people.lastAdministrator}</Text>
      )}
      <ZoneNote />
    </>
  );
}

interface AccountCellsProps {
  account: Account;
  isOwn: boolean;
  onRole: (change: { accountId: string; role: Role }) => void;
  onLink: (link: ShownLink) => void;
}

/** Drawn again only if the account changes, and not as one scrolls. */
const AccountCells = memo(({ account, isOwn, onRole, onLink }: AccountCellsProps) => {
  return (
    <>
      <Table.Td>
        <Text size="sm">
          {account.name ?? account.email} {isOwn && <Badge variant="outline">{people.you}</Badge>}
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
            disabled={account.lastAdministrator}
            data={ROLES.map((value) => ({ value, label: roles[value] }))}
            onChange={(value) => {
              const role = roleOf(value);
              if (role && role !== account.role) onRole({ accountId: account.accountId, role });
            }}
          />
        )}
      </Table.Td>
      <Table.Td>{people.states[account.state as keyof typeof people.states]}</Table.Td>
      <Table.Td>{formatInstant(account.acceptedAt ?? account.invitedAt)}</Table.Td>
      <Table.Td>{waysOf(account)}</Table.Td>
      <Table.Td>
        <PersonMenu account={account} isLast={account.lastAdministrator} onLink={onLink} />
      </Table.Td>
    </>
  );
});

/** How a person signs in. Nothing of a person who has not accepted. */
function waysOf({ signsInBy }: Account): string {
  if (signsInBy === null) return texts.none;
  const { password, passkeys, passkeyRequired, identities } = signsInBy;
  const ways = [
    ...(password ? [people.ways.password] : []),
    ...(passkeys > 0 ? [people.ways.passkeys(passkeys)] : []),
    ...(identities > 0 ? [people.ways.identities(identities)] : []),
  ];
  if (ways.length === 0) return people.ways.none;
  return [...ways, ...(passkeyRequired ? [people.ways.passkeyRequired] : [])].join(', ');
}
