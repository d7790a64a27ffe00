import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { fullNameOf } from '../frame/names.ts';
import { Notice } from '../frame/notice.tsx';
import { queryClient, useOrganisation } from '../frame/session.ts';
import type { Row } from '../frame/versions.ts';
import { isOutdated, textOf } from '../frame/versions.ts';
import { texts } from '../texts.ts';
import { nodeKey } from './tree-data.ts';
import { UserSelect } from './user-select.tsx';

const { assignment: words } = texts.places;

/** The person whose desk it is. Planners and administrators assign desks. */
export function Assignment({ desk, version }: { desk: Row; version: string }) {
  const titleId = useId();
  const { organisation, role } = useOrganisation();
  const deskId = textOf(desk, 'deskId');
  const ownerId = textOf(desk, 'assignedUserId');
  const mayAssign = role === 'administrator' || role === 'planner';
  const [chosen, setChosen] = useState<string>();
  const owner = useQuery({
    queryKey: [organisation, 'user', ownerId],
    queryFn: ({ signal }) => clientOf(organisation).manage.users.get(ownerId, { signal }),
    enabled: mayAssign && ownerId !== '',
  });
  const { mutate, isPending, error } = useMutation({
    mutationFn: async (userId: string | null) => {
      const { deskAssignments } = clientOf(organisation).manage;
      const options = { ifVersion: version };
      await (userId === null
        ? deskAssignments.clear(deskId, options)
        : deskAssignments.set(deskId, { userId }, options));
    },
    onSuccess: () => setChosen(undefined),
    onSettled: () => queryClient.invalidateQueries({ queryKey: nodeKey(organisation, deskId) }),
  });
  if (!mayAssign) return null;
  const ownerName = owner.data ? fullNameOf(owner.data) : texts.shell.loading;
  return (
    <section aria-labelledby={titleId}>
      <Stack gap="xs">
        <Title order={3} size="h5" id={titleId}>
          {words.title}
        </Title>
        {owner.error ? (
          <Failure error={owner.error} retry={() => void owner.refetch()} />
        ) : (
          <Text size="sm" data-owner={ownerId}>
            {ownerId === '' ? words.nobody : ownerName}
          </Text>
        )}
        {ownerId !== '' && (
          <Group>
            <Button size="xs" variant="default" loading={isPending} onClick={() => mutate(null)}>
              {words.release}
            </Button>
          </Group>
        )}
        {desk.status === 'active' && (
          <Group align="flex-end">
            <UserSelect label={words.assign} value={chosen} onChange={setChosen} />
            <Button
              size="xs"
              variant="default"
              loading={isPending}
              disabled={chosen === undefined}
              onClick={() => chosen && mutate(chosen)}
            >
              {words.submit}
            </Button>
          </Group>
        )}
        {error && (isOutdated(error) ? <Notice {...words.conflict} /> : <Failure error={error} />)}
        <Text size="xs" c="dimmed">
          {words.note}
        </Text>
      </Stack>
    </section>
  );
}
