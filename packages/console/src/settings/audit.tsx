import { Group, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import type { Reply } from '@rollcall/sdk';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useParameters } from '../frame/address.ts';
import { clientOf } from '../frame/client.ts';
import { DownloadMenu } from '../frame/download-menu.tsx';
import { Failure } from '../frame/failure.tsx';
import { formatInstant } from '../frame/format.ts';
import { Notice } from '../frame/notice.tsx';
import { PageButtons } from '../frame/page-buttons.tsx';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { SearchField, useSearch } from '../frame/search.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';

type Page = Reply<'GET /v1/manage/audit'>;
type Entry = Page['items'][number];
type Subject = { id: string; kind: string | null; reference: string | null; name: string | null };

const { audit } = texts;
const PAGE = 100;
const DAY_MS = 86_400_000;
/** The most days of an export. */
const MOST_DAYS = 31;

/** The audit trail, the newest entries first. The address holds the days, the action, the search and the page of the list. */
export function Audit() {
  const { organisation, timeZone } = useOrganisation();
  const [parameters, change] = useParameters();
  const search = useSearch();
  const question = {
    startDate: parameters.get('from') ?? undefined,
    endDate: parameters.get('to') ?? undefined,
    action: parameters.get('action') ?? undefined,
    after: parameters.get('after') ?? undefined,
    search: search || undefined,
  };
  const { startDate, endDate, action } = question;
  const isDated = startDate !== undefined && endDate !== undefined;
  const { data, error, refetch } = useQuery<Page>({
    queryKey: [organisation, 'audit', question],
    placeholderData: keepPreviousData,
    staleTime: 0,
    // Half of a range, and a first day after the last one, are on their way to another one.
    enabled: startDate === undefined ? endDate === undefined : isDated && startDate <= endDate,
    queryFn: ({ signal }) =>
      clientOf(organisation).manage.auditPage(
        {
          ...(isDated ? { startDate, endDate } : {}),
          actions: action === undefined ? undefined : [action],
          search: question.search,
          after: question.after,
          limit: PAGE,
        },
        { signal },
      ),
  });
  const set = (name: string) => (value: string | null) =>
    change({ [name]: value ?? undefined, after: undefined });
  return (
    <Stack gap="md">
      <Text size="sm">{audit.intro}</Text>
      <Group align="flex-start">
        <SearchField label={audit.search} hint={audit.searchHint} />
        <search aria-label={audit.filters.title}>
          <Group align="flex-start">
            {(['from', 'to'] as const).map((name) => (
              <TextInput
                key={name}
                type="date"
                label={audit.filters[name]}
                value={parameters.get(name) ?? ''}
                onChange={({ currentTarget: { value } }) => set(name)(value)}
              />
            ))}
            <Select
              label={audit.filters.action}
              placeholder={audit.filters.allActions}
              w={260}
              clearable
              searchable
              value={action ?? null}
              onChange={set('action')}
              data={Object.entries(audit.actions).map(([value, label]) => ({ value, label }))}
            />
          </Group>
        </search>
      </Group>
      <Download from={startDate} to={endDate} action={action} />
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data?.items.length === 0 && <Notice {...audit.empty} />}
      {data && data.items.length > 0 && <Entries items={data.items} />}
      <PageButtons next={data?.next} words={audit} />
      <ZoneNote timeZone={timeZone} />
    </Stack>
  );
}

/** Saves the entries of the chosen days and action. */
function Download({ from, to, action }: Record<'from' | 'to' | 'action', string | undefined>) {
  const days = from && to ? (Date.parse(to) - Date.parse(from)) / DAY_MS + 1 : 0;
  const isPossible = days > 0 && days <= MOST_DAYS;
  return (
    <Group gap="xs">
      <DownloadMenu
        choices={audit.downloads}
        disabled={!isPossible}
        ask={({ analytics }, format, options) =>
          analytics.file('audit', { startDate: from, endDate: to, actions: action }, format, options)
        }
        nameOf={(format) => `audit-${from}-${to}.${format}`}
      />
      {!isPossible && (
        <Text size="sm" c="dimmed">
          {audit.longest}
        </Text>
      )}
    </Group>
  );
}

function Entries({ items }: { items: Entry[] }) {
  const { timeZone } = useOrganisation();
  return (
    <ScrollTable label={audit.title} columns={Object.values(audit.columns)} minWidth={1080} maxHeight={640}>
      {items.map((entry) => (
        <Table.Tr key={entry.entryId} data-entry={entry.entryId}>
          <Table.Td>{formatInstant(entry.occurredAt, timeZone)}</Table.Td>
          <Table.Td className="any-text">{actorOf(entry)}</Table.Td>
          <Table.Td>{audit.actions[entry.action] ?? entry.action}</Table.Td>
          <Table.Td className="any-text">
            {(entry.targets as Subject[]).map((target) => nameOf(target)).join(', ')}
          </Table.Td>
          <Table.Td className="any-text">{detailsOf(entry)}</Table.Td>
          <Table.Td className="any-text">{entry.address}</Table.Td>
        </Table.Tr>
      ))}
    </ScrollTable>
  );
}

function actorOf({ actorId, actorKind, actorName, actorReference }: Entry): string {
  if (actorId === null) return audit.nobody;
  return nameOf({ id: actorId, kind: actorKind, reference: actorReference, name: actorName });
}

function nameOf({ id, kind, reference, name }: Subject): string {
  const named = name ?? reference ?? audit.unnamed(id);
  const kindName = kind === null ? undefined : (audit.kinds[kind] ?? kind);
  return kindName === undefined ? named : `${named} (${kindName})`;
}

/** The members of an entry's metadata, and those of its objects, in one line. */
function detailsOf({ metadata }: Entry): string {
  const details = Object.entries(metadata ?? {}).flatMap(([name, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : [[name, value]],
  );
  return details
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => audit.detail(name, String(value)))
    .join(' · ');
}
