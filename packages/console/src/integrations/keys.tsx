import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { describeBindings } from '../frame/keys/binding-fields.tsx';
import { lastUseOf, RevokeDialog } from '../frame/keys/dialogs.tsx';
import type { Key } from '../frame/keys/first-lines.ts';
import { ChangeKey, CreateKey, RotateKey } from '../frame/keys/key-dialogs.tsx';
import { describeDefaults, describeLimits } from '../frame/keys/limit-fields.tsx';
import { Notice } from '../frame/notice.tsx';
import { PageButtons } from '../frame/page-buttons.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { CredentialTable, LifeCells, useCredentialPage } from './credential-table.tsx';

const { keys } = texts.integrations;

type Opened = { dialog: 'create' } | { dialog: 'change' | 'rotate' | 'revoke'; key: Key };

/** The keys of programs. */
export default function Keys() {
  const { organisation } = useOrganisation();
  const queryKey = [organisation, 'keys'];
  const [opened, setOpened] = useState<Opened>();
  const [page, endedSwitch] = useCredentialPage();
  const { data, error, refetch } = useQuery({
    queryKey: [...queryKey, page],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => clientOf(organisation).manage.keys.page(page, { signal }),
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  const { items, manageableRoles, defaultLimits, mostLimits } = data;
  const limits = { defaultLimits, mostLimits };
  const dialogProps = { queryKey, onClose: () => setOpened(undefined) };
  return (
    <Stack>
      <Text size="sm">{keys.intro}</Text>
      <Text size="sm">{describeDefaults(limits)}</Text>
      <Group justify="space-between">
        {manageableRoles.length > 0 && (
          <Button onClick={() => setOpened({ dialog: 'create' })}>{keys.create}</Button>
        )}
        {endedSwitch}
      </Group>
      {items.length > 0 ? (
        <KeyTable keys={items} manageableRoles={manageableRoles} onOpen={setOpened} />
      ) : (
        <Notice {...(page.active ? keys.noneActive : keys.empty)} />
      )}
      <PageButtons next={data.next} words={texts.integrations.paging} />
      {opened?.dialog === 'create' && <CreateKey roles={manageableRoles} {...dialogProps} />}
      {opened?.dialog === 'change' && <ChangeKey changedKey={opened.key} limits={limits} {...dialogProps} />}
      {opened?.dialog === 'rotate' && <RotateKey shownKey={opened.key} {...dialogProps} />}
      {opened?.dialog === 'revoke' && (
        <RevokeDialog
          title={keys.revokeTitle(opened.key.name)}
          paragraphs={[lastUseOf(opened.key.lastUsedAt, keys), keys.revokeAdvice]}
          revoke={() => clientOf(organisation).manage.keys.revoke(opened.key.apiKey)}
          {...dialogProps}
        />
      )}
    </Stack>
  );
}

const AFTER_THE_END = ['rotate', 'revoke'] as const;
const ALL_ACTIONS = ['change', ...AFTER_THE_END] as const;

interface KeyTableProps {
  keys: readonly Key[];
  manageableRoles: readonly string[];
  onOpen: (opened: Opened) => void;
}

function KeyTable({ keys: items, manageableRoles, onOpen }: KeyTableProps) {
  return (
    <CredentialTable label={texts.integrations.tabs.keys} columns={Object.values(keys.columns)}>
      {items.map((key) => (
        <Table.Tr key={key.apiKey}>
          <Table.Td>
            {key.name}
            <Remark text={describeBindings(key)} />
            <Remark text={describeLimits(key.limits)} />
            <Grace graceUntil={key.previousSecretExpiresAt} />
          </Table.Td>
          <Table.Td>{key.apiKey}</Table.Td>
          <Table.Td>{keys.roles[key.role]}</Table.Td>
          <Table.Td>{keys.authentications[key.authentication]}</Table.Td>
          <LifeCells credential={key} />
          <Table.Td>
            {key.state !== 'revoked' && manageableRoles.includes(key.role) && (
              <Group gap="xs" wrap="nowrap">
                {(key.state === 'active' ? ALL_ACTIONS : AFTER_THE_END).map((dialog) => (
                  <Button
                    key={dialog}
                    variant="default"
                    size="compact-sm"
                    aria-label={keys[`${dialog}Label`](key.name)}
                    onClick={() => onOpen({ dialog, key })}
                  >
                    {keys[dialog]}
                  </Button>
                ))}
              </Group>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </CredentialTable>
  );
}

/** Until when the former secret of a rotated key works. */
function Grace({ graceUntil }: { graceUntil: string | null }) {
  if (graceUntil === null || Date.parse(graceUntil) <= Date.now()) return null;
  return <Remark text={keys.graceUntil(formatInstant(graceUntil))} />;
}

function Remark({ text }: { text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <Text size="sm" c="dimmed">
      {text}
    </Text>
  );
}
