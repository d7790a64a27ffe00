import { Button, Stack, Table, Text, Title } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useParameters } from '../frame/address.ts';
import { clientOf } from '../frame/client.ts';
import { ConfirmDialog } from '../frame/confirm-dialog.tsx';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { queryClient } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';
import { FreshFailure } from './fresh-failure.tsx';

type Identity = Reply<'GET /v1/session/identities'>['items'][number];
const { identity: words, passkeys } = texts.account;
const OWN_IDENTITIES = ['own identities'];

/** The person's identities: connect one at the provider `name`, see them, and disconnect them. */
export function IdentitySection({ name }: { name: string | undefined }) {
  const [removed, setRemoved] = useState<Identity>();
  const { data, error, refetch } = useQuery({
    queryKey: OWN_IDENTITIES,
    queryFn: ({ signal }) => clientOf().session.identities({ signal }),
  });
  // Without a provider and without an identity, there is nothing to say.
  if (name === undefined && !error && !data?.length) return null;
  return (
    <section aria-labelledby="own-identity">
      <Stack gap="sm" align="stretch">
        <Title order={2} id="own-identity">
          {words.title}
        </Title>
        <Text size="sm">{name === undefined ? words.noProvider : words.intro(name)}</Text>
        {error ? (
          <Failure error={error} retry={() => void refetch()} />
        ) : data === undefined ? (
          <Waiting />
        ) : (
          data.length > 0 && <IdentityTable items={data} onRemove={setRemoved} />
        )}
        {name !== undefined && <Connect name={name} />}
      </Stack>
      {removed && <Removal identity={removed} onClose={() => setRemoved(undefined)} />}
    </section>
  );
}

function Connect({ name }: { name: string }) {
  const [path] = useLocation();
  const [parameters] = useParameters();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => clientOf().session.startOpenId({ back: `${path}?connected=yes`, link: true }),
    onSuccess: ({ location }) => window.location.assign(location),
  });
  return (
    <Stack gap="sm" align="flex-start">
      {parameters.has('connected') && (
        <Text size="sm" role="status">
          {words.connected}
        </Text>
      )}
      {error && <FreshFailure error={error} />}
      <Button variant="default" loading={isPending} onClick={() => mutate()}>
        {words.connect(name)}
      </Button>
    </Stack>
  );
}

interface IdentityTableProps {
  items: readonly Identity[];
  onRemove: (identity: Identity) => void;
}

function IdentityTable({ items, onRemove }: IdentityTableProps) {
  return (
    <>
      <ScrollTable label={words.title} columns={words.columns} withControls minWidth={520}>
        {items.map((identity) => (
          <Table.Tr key={identity.identityId}>
            <Table.Td>
              {nameOf(identity)}
              <Text size="sm" c="dimmed">
                {[
                  identity.issuer,
                  ...(identity.usable ? [] : [words.unusable]),
                  ...(identity.current ? [words.current] : []),
                ].join(' · ')}
              </Text>
            </Table.Td>
            <Table.Td>{formatInstant(identity.connectedAt)}</Table.Td>
            <Table.Td>
              {identity.lastUsedAt === null ? passkeys.never : formatInstant(identity.lastUsedAt)}
            </Table.Td>
            <Table.Td>
              <Button
                variant="default"
                size="compact-sm"
                aria-label={words.removeLabel(nameOf(identity))}
                onClick={() => onRemove(identity)}
              >
                {words.remove}
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      </ScrollTable>
      <ZoneNote />
    </>
  );
}

function Removal({ identity, onClose }: { identity: Identity; onClose: () => void }) {
  const [, change] = useParameters();
  const disconnect = async () => {
    await clientOf().session.disconnectIdentity(identity.identityId);
    change({ connected: undefined }, { replace: true });
    // Roles of a claim go with the identity.
    await Promise.all(
      [OWN_IDENTITIES, ['session']].map((queryKey) => queryClient.invalidateQueries({ queryKey })),
    );
  };
  return (
    <ConfirmDialog
      title={words.removeTitle}
      paragraphs={[words.removeAdvice(nameOf(identity))]}
      submit={words.remove}
      cancel={passkeys.cancel}
      act={disconnect}
      onClose={onClose}
      failure={FreshFailure}
    />
  );
}

/** The address at the provider. A provider that gives none has the id of the person only. */
function nameOf({ email, subject }: Identity): string {
  return email ?? subject;
}
