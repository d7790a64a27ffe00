import { Anchor, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useParameters } from '../frame/address.ts';
import { clientOf } from '../frame/client.ts';
import { formatWhole } from '../frame/format.ts';
import { useFound } from '../frame/found.ts';
import { NodeSelect } from '../frame/node-select.tsx';
import { nodesKey } from '../frame/nodes.ts';
import { Notice } from '../frame/notice.tsx';
import { Page } from '../frame/page.tsx';
import { FoundRows, SearchField, useSearch } from '../frame/search.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { VirtualList } from '../frame/virtual-list.tsx';
import { texts } from '../texts.ts';
import { type PlanOfList, plansKey } from './answers.ts';

const { floor } = texts;
const { plans: words, empty } = floor;
const ROW_HEIGHT = 52;
const LIST_HEIGHT = 560;
/** A shorter list needs no search. */
const SEARCHED_FROM = 8;

/** The levels that have a plan, and a way to every other one. */
export default function PlanList() {
  return (
    <Page title={floor.title}>
      <Plans />
    </Page>
  );
}

function Plans() {
  const { organisation, role } = useOrganisation();
  const [parameters, change] = useParameters();
  const search = useSearch();
  const found = usePlans(search);
  const count = found.data?.pages.reduce((sum, { items }) => sum + items.length, 0);
  const isSearched = search !== '' || parameters.has('search');
  const hasNone = count === 0 && !isSearched && !found.isPlaceholderData;
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
  const noPlans = role === 'administrator' ? empty.noPlans : empty.noPlansForReader;
  return (
    <Stack maw={720}>
      {(isSearched || (count !== undefined && count >= SEARCHED_FROM)) && (
        <SearchField label={words.search} hint={words.searchHint} />
      )}
      <FoundRows found={found} search={search} none={hasNone ? noPlans : words.noMatch}>
        {(plans, onNearEnd) => (
          <VirtualList
            label={words.title}
            count={plans.length}
            rowHeight={ROW_HEIGHT}
            height={LIST_HEIGHT}
            onNearEnd={onNearEnd}
            row={(index) => {
              const plan = plans[index];
              return plan && <Row plan={plan} />;
            }}
          />
        )}
      </FoundRows>
      <Group maw={420} grow>
        <NodeSelect
          kind="level"
          label={hasNone ? floor.level : words.other}
          onChoose={(level) => change({ level, search: undefined })}
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

/** The levels that have a plan or a draft and that the server finds, page by page. All of them if `search` is empty. */
function usePlans(search: string) {
  const { organisation } = useOrganisation();
  return useFound<PlanOfList>([...plansKey(organisation), 'list'], search, (filter, options) =>
    clientOf(organisation).manage.floorPlans.page(filter, options),
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
