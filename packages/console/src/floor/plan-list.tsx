import { Anchor, Group, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { useParameters } from '../frame/address.ts';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { formatWhole } from '../frame/format.ts';
import { NodeSelect } from '../frame/node-select.tsx';
import { nodesKey } from '../frame/nodes.ts';
import { Notice } from '../frame/notice.tsx';
import { Page } from '../frame/page.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { VirtualList } from '../frame/virtual-list.tsx';
import { texts } from '../texts.ts';
import { type PlanOfList, usePlans } from './answers.ts';

const { floor } = texts;
const { plans: words, empty } = floor;
const ROW_HEIGHT = 52;
const LIST_HEIGHT = 560;
/** A shorter list needs no search. */
const SEARCHED_FROM = 8;

/** The levels that have a plan, and a way to every other one. */
export default function PlanList() {
  const { data, error, refetch } = usePlans(true);
  return (
    <Page title={floor.title}>
      {error && !data ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : data ? (
        <Plans plans={data} />
      ) : (
        <Waiting />
      )}
    </Page>
  );
}

function Plans({ plans }: { plans: readonly PlanOfList[] }) {
  const { organisation, role } = useOrganisation();
  const [, change] = useParameters();
  const [search, setSearch] = useState('');
  const hasNone = plans.length === 0;
  const hasLevels = useHasLevels(hasNone);
  if (hasNone && hasLevels === undefined) return <Waiting />;
  if (hasNone && !hasLevels) {
    return (
      <Notice {...empty.noLevels}>
        <Anchor component={Link} href={`/${organisation}/places`} size="sm">
          {empty.toPlaces}
        </Anchor>
      </Notice>
    );
  }
  const needle = search.trim().toLowerCase();
  const found = plans.filter(({ locationName, levelName }) =>
    `${locationName} ${levelName}`.toLowerCase().includes(needle),
  );
  return (
    <Stack maw={720}>
      {hasNone && <Notice {...(role === 'administrator' ? empty.noPlans : empty.noPlansForReader)} />}
      {plans.length >= SEARCHED_FROM && (
        <TextInput
          type="search"
          label={words.search}
          description={words.searchHint}
          maw={420}
          value={search}
          onChange={({ currentTarget }) => setSearch(currentTarget.value)}
        />
      )}
      {!hasNone && found.length === 0 && <Text size="sm">{words.none}</Text>}
      {found.length > 0 && (
        <VirtualList
          label={words.title}
          count={found.length}
          rowHeight={ROW_HEIGHT}
          height={LIST_HEIGHT}
          row={(index) => {
            const plan = found[index];
            return plan && <Row plan={plan} />;
          }}
        />
      )}
      <Group maw={420} grow>
        <NodeSelect
          kind="level"
          label={hasNone ? floor.level : words.other}
          onChoose={(level) => change({ level })}
        />
      </Group>
    </Stack>
  );
}

function Row({ plan }: { plan: PlanOfList }) {
  const { organisation } = useOrganisation();
  const { levelId, levelName, locationName, placed, places, publishedAt, hasDraft } = plan;
  const about = [
    words.placed(formatWhole(placed), formatWhole(places)),
    ...(publishedAt === null ? [words.draftOnly] : hasDraft ? [words.hasDraft] : []),
  ];
  return (
    <Link href={`/${organisation}/floor?level=${levelId}`} className="list-row" data-level={levelId}>
      <Text component="span" size="sm" fw={600}>
        {texts.places.path([locationName, levelName])}
      </Text>
      <Text component="span" size="xs" c="dimmed">
        {about.join(' · ')}
      </Text>
    </Link>
  );
}

/** Whether the organisation has an active level. Undefined until that is known. */
function useHasLevels(isNeeded: boolean): boolean | undefined {
  const { organisation } = useOrganisation();
  const { data } = useQuery({
    queryKey: [...nodesKey(organisation), 'has levels'],
    queryFn: async ({ signal }) => {
      const filter = { kind: 'level', status: 'active', limit: 1 } as const;
      return (await clientOf(organisation).manage.nodesPage(filter, { signal })).items.length > 0;
    },
    enabled: isNeeded,
  });
  return data;
}
