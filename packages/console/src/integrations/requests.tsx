import './refused.css';
import { Button, Group, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useParameters } from '../frame/address.ts';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { formatInstant, formatTenths, formatWhole } from '../frame/format.ts';
import { Notice } from '../frame/notice.tsx';
import { PageButtons } from '../frame/page-buttons.tsx';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';

type Page = Reply<'GET /v1/manage/requests'>;

const { requests } = texts;
const FILTERS = ['all', 'failed'] as const;
const PAGE = 100;

/** The answered requests of the last day. The address holds the filter and the page of the list. */
export default function Requests() {
  const { organisation, timeZone } = useOrganisation();
  const [parameters, change] = useParameters();
  const failed = parameters.get('status') === 'failed';
  const after = parameters.get('after') ?? undefined;
  const { data, error, refetch, isFetching } = useQuery<Page>({
    queryKey: [organisation, 'requests', failed, after],
    placeholderData: keepPreviousData,
    staleTime: 0,
    queryFn: ({ signal }) =>
      clientOf(organisation).manage.requestsPage(
        { ...(failed ? { failed: true } : {}), after, limit: PAGE },
        { signal },
      ),
  });
  return (
    <Stack gap="md">
      <Text size="sm">{requests.intro}</Text>
      <Group>
        <SegmentedControl
          aria-label={requests.filter.label}
          value={failed ? 'failed' : 'all'}
          onChange={(status) =>
            change({ status: status === 'failed' ? status : undefined, after: undefined })
          }
          data={FILTERS.map((value) => ({ value, label: requests.filter[value] }))}
          className="views"
        />
        <Button variant="default" size="compact-sm" loading={isFetching} onClick={() => void refetch()}>
          {requests.refresh}
        </Button>
      </Group>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data?.items.length === 0 && <Notice {...requests.empty} />}
      {data && data.items.length > 0 && <RequestTable items={data.items} />}
      <PageButtons next={data?.next} words={requests} />
      <ZoneNote timeZone={timeZone} />
    </Stack>
  );
}

function RequestTable({ items }: { items: Page['items'] }) {
  const { timeZone } = useOrganisation();
  return (
    <ScrollTable
      label={requests.title}
      columns={Object.values(requests.columns)}
      minWidth={1080}
      maxHeight={640}
    >
      {items.map((request) => (
        <Table.Tr key={request.requestId} data-request={request.requestId}>
          <Table.Td>{formatInstant(request.answeredAt, timeZone)}</Table.Td>
          <Table.Td>{request.method}</Table.Td>
          <Table.Td className="any-text">{request.route}</Table.Td>
          <Table.Td>
            {request.status}
            {request.refusal && (
              <Text size="sm" c="dimmed">
                {requests.refusals[request.refusal]}
              </Text>
            )}
          </Table.Td>
          <Table.Td className="any-text">{request.caller ?? requests.person}</Table.Td>
          <Table.Td>{formatTenths(request.durationMs)}</Table.Td>
          <Table.Td>{formatWhole(request.requestBytes)}</Table.Td>
          <Table.Td>{formatWhole(request.responseBytes)}</Table.Td>
          <Table.Td>{request.further === 0 ? texts.none : `+ ${formatWhole(request.further)}`}</Table.Td>
          <Table.Td className="any-text">{request.correlationId}</Table.Td>
        </Table.Tr>
      ))}
    </ScrollTable>
  );
}
