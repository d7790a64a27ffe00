import { Stack, Table, Text, Title } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { formatTime } from '../frame/format.ts';
import { useOrganisation } from '../frame/session.ts';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';

const { today } = texts;
const ASK_EVERY_MS = 2_000;
type LatestArrivals = Reply<'GET /v1/manage/locations/{locationId}/arrivals'>;

/** Who arrived last at an office. It moves by itself. */
export function Latest({ locationId }: { locationId: string }) {
  const { organisation } = useOrganisation();
  const id = useId();
  const { data, error, refetch } = useQuery<LatestArrivals>({
    queryKey: [organisation, 'latest arrivals', locationId],
    queryFn: ({ signal }) => clientOf(organisation).manage.latestArrivals(locationId, { signal }),
    refetchInterval: ASK_EVERY_MS,
    staleTime: 0,
  });
  return (
    <Stack component="section" gap="xs" aria-labelledby={id}>
      <Title order={2} id={id}>
        {today.latest}
      </Title>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {data?.people.length === 0 && <Text>{today.nobody}</Text>}
      {data && data.people.length > 0 && (
        <>
          <Table aria-labelledby={id}>
            <Table.Tbody>
              {data.people.map(({ userId, name, arrivedAt }) => (
                <Table.Tr key={userId}>
                  <Table.Th scope="row">{name}</Table.Th>
                  <Table.Td>
                    <time dateTime={arrivedAt}>{formatTime(arrivedAt, data.timeZone)}</time>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <ZoneNote timeZone={data.timeZone} />
        </>
      )}
    </Stack>
  );
}
