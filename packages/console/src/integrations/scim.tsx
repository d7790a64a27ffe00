import '../frame/keys/style.css';
import { Alert, Button, Group, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { Copyable } from '../frame/keys/copyable.tsx';
import { expiryOf, FormDialog, lastUseOf, RevokeDialog } from '../frame/keys/dialogs.tsx';
import { Notice } from '../frame/notice.tsx';
import { PageButtons } from '../frame/page-buttons.tsx';
import { TableHead } from '../frame/scroll-table.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { CredentialTable, LifeCells, useCredentialPage } from './credential-table.tsx';

const { integrations } = texts;
const { scim } = integrations;

type Token = Reply<'GET /v1/manage/scim-tokens'>['items'][number];

/** The tokens of identity providers, and what to enter there. */
export default function Scim() {
  const { organisation, role } = useOrganisation();
  const queryKey = [organisation, 'SCIM tokens'];
  const [opened, setOpened] = useState<'create' | Token>();
  const [page, endedSwitch] = useCredentialPage();
  const { data, error, refetch } = useQuery({
    queryKey: [...queryKey, page],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => clientOf(organisation).manage.scimTokens.page(page, { signal }),
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  const mayChange = role === 'administrator';
  const dialogProps = { queryKey, onClose: () => setOpened(undefined) };
  return (
    <Stack>
      <Text size="sm">{scim.intro}</Text>
      <Group justify="space-between">
        {mayChange ? (
          <Button onClick={() => setOpened('create')}>{scim.create}</Button>
        ) : (
          <Text size="sm" c="dimmed">
            {scim.createHint}
          </Text>
        )}
        {endedSwitch}
      </Group>
      {data.items.length > 0 ? (
        <CredentialTable label={integrations.tabs.scim} columns={Object.values(scim.columns)}>
          {data.items.map((token) => (
            <Table.Tr key={token.tokenId}>
              <Table.Td>{token.name}</Table.Td>
              <Table.Td>{token.tokenId}</Table.Td>
              <LifeCells credential={token} />
              <Table.Td>
                {mayChange && token.state !== 'revoked' && (
                  <Button
                    variant="default"
                    size="compact-sm"
                    aria-label={integrations.keys.revokeLabel(token.name)}
                    onClick={() => setOpened(token)}
                  >
                    {integrations.keys.revoke}
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </CredentialTable>
      ) : (
        <Notice {...(page.active ? scim.noneActive : scim.empty)} />
      )}
      <PageButtons next={data.next} words={integrations.paging} />
      <ProviderFields />
      {opened === 'create' ? (
        <CreateToken {...dialogProps} />
      ) : (
        opened && (
          <RevokeDialog
            title={scim.revokeTitle(opened.name)}
            paragraphs={[lastUseOf(opened.lastUsedAt, scim), scim.revokeAdvice]}
            revoke={() => clientOf(organisation).manage.scimTokens.revoke(opened.tokenId)}
            {...dialogProps}
          />
        )
      )}
    </Stack>
  );
}

function CreateToken(dialog: { queryKey: readonly unknown[]; onClose: () => void }) {
  const { organisation } = useOrganisation();
  return (
    <FormDialog
      {...dialog}
      title={scim.createTitle}
      submit={scim.create}
      send={(fields) =>
        clientOf(organisation).manage.scimTokens.create({
          name: String(fields.get('name')).trim(),
          expiresAt: expiryOf(fields),
        })
      }
      after={({ scimToken, token }, close) => ({
        title: scim.shownTitle(scimToken.name),
        content: (
          <Stack>
            <Alert variant="outline" color="blue" role="status">
              {scim.onlyNow}
            </Alert>
            <Copyable label={scim.address} text={scimAddress()} />
            <Copyable label={scim.token} text={token} />
            <Group justify="flex-end">
              <Button onClick={close}>{scim.done}</Button>
            </Group>
          </Stack>
        ),
      })}
    >
      <TextInput
        name="name"
        label={integrations.name}
        placeholder={scim.namePlaceholder}
        required
        withAsterisk={false}
        maxLength={200}
        data-autofocus
      />
      <TextInput name="expiresOn" type="date" label={integrations.ends} description={integrations.endsHint} />
    </FormDialog>
  );
}

function scimAddress(): string {
  return `${window.location.origin}/scim/v2`;
}

/** What to enter at an identity provider. */
function ProviderFields() {
  return (
    <Stack component="section">
      <Title order={2}>{scim.fields}</Title>
      {window.location.protocol !== 'https:' && (
        <Alert variant="outline" color="gray">
          {scim.needsTls}
        </Alert>
      )}
      <Copyable label={scim.address} text={scimAddress()} />
      {(['okta', 'entra'] as const).map((provider) => (
        <Table key={provider} verticalSpacing="xs" captionSide="top">
          <Table.Caption ta="start" fw={500}>
            {scim.providers[provider]}
          </Table.Caption>
          <TableHead columns={scim.fieldColumns} />
          <Table.Tbody>
            {scim[`${provider}Fields`].map(([field, value]) => (
              <Table.Tr key={field}>
                <Table.Td>{field}</Table.Td>
                <Table.Td>{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      ))}
    </Stack>
  );
}
