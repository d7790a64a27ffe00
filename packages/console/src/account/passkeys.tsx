import { Button, Group, Stack, Switch, Table, Text, Title } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { hasPasskeys } from '../frame/passkey.ts';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { type Session, updateSession } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';
import { AddPasskey } from './add-passkey.tsx';
import { FreshFailure } from './fresh-failure.tsx';
import { OWN_PASSKEYS, type PasskeyAction, PasskeyDialog } from './passkey-dialog.tsx';

export type Passkey = Reply<'GET /v1/session/passkeys'>['items'][number];
const { passkeys } = texts.account;

/** The person's passkeys: add, rename, remove, and require one. */
export function PasskeySection({ session }: { session: Session }) {
  const [action, setAction] = useState<PasskeyAction>();
  const { data, error, refetch } = useQuery({
    queryKey: OWN_PASSKEYS,
    queryFn: ({ signal }) => clientOf().session.passkeys({ signal }),
  });
  return (
    <section aria-labelledby="own-passkeys">
      <Stack gap="sm" align="stretch">
        <Title order={2} id="own-passkeys">
          {passkeys.title}
        </Title>
        <Text size="sm">{passkeys.intro}</Text>
        {error ? (
          <Failure error={error} retry={() => void refetch()} />
        ) : data === undefined ? (
          <Waiting />
        ) : data.length === 0 ? (
          <Text size="sm">{passkeys.none}</Text>
        ) : (
          <>
            <PasskeyTable items={data} onAction={setAction} />
            <ZoneNote />
            <Requirement session={session} />
          </>
        )}
        {hasPasskeys() ? <AddPasskey /> : <Text size="sm">{passkeys.unsupported}</Text>}
      </Stack>
      <PasskeyDialog action={action} onClose={() => setAction(undefined)} />
    </section>
  );
}

interface PasskeyTableProps {
  items: readonly Passkey[];
  onAction: (action: PasskeyAction) => void;
}

function PasskeyTable({ items, onAction }: PasskeyTableProps) {
  return (
    <ScrollTable label={passkeys.title} columns={passkeys.columns} withControls minWidth={480}>
      {items.map((passkey) => (
        <Table.Tr key={passkey.passkeyId}>
          <Table.Td>
            {passkey.name}
            {passkey.backedUp && (
              <Text size="sm" c="dimmed">
                {passkeys.backedUp}
              </Text>
            )}
          </Table.Td>
          <Table.Td>{formatInstant(passkey.createdAt)}</Table.Td>
          <Table.Td>
            {passkey.lastUsedAt === null ? passkeys.never : formatInstant(passkey.lastUsedAt)}
          </Table.Td>
          <Table.Td>
            <Group gap="xs" justify="flex-end" wrap="nowrap">
              {(['rename', 'remove'] as const).map((kind) => (
                <Button
                  key={kind}
                  variant="default"
                  size="compact-sm"
                  aria-label={passkeys[`${kind}Label`](passkey.name)}
                  onClick={() => onAction({ kind, passkey })}
                >
                  {passkeys[kind]}
                </Button>
              ))}
            </Group>
          </Table.Td>
        </Table.Tr>
      ))}
    </ScrollTable>
  );
}

function Requirement({ session }: { session: Session }) {
  const { mutate, error, isPending } = useMutation({
    mutationFn: (passkeyRequired: boolean) => clientOf().session.update({ passkeyRequired }),
    onSuccess: updateSession,
  });
  return (
    <>
      <Switch
        label={passkeys.require}
        description={passkeys.requireHint}
        checked={session.account.passkeyRequired}
        disabled={isPending}
        onChange={({ currentTarget }) => mutate(currentTarget.checked)}
      />
      {error && <FreshFailure error={error} />}
    </>
  );
}
