import { Group, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Parameters } from '../frame/address.ts';
import { clientOf } from '../frame/client.ts';
import { todayIn } from '../frame/days.ts';
import { OfficeSelect } from '../frame/office-select.tsx';
import { SearchSelect } from '../frame/search-select.tsx';
import { seesPeople, useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { useLevels, useZones } from './places.ts';
import { faultOf, lastWeeks, PERIODS, type Question, UNITS } from './question.ts';

const { filters } = texts.attendance;
/** The width of a choice of a place or group, in pixels. */
const CHOICE_WIDTH = 170;
const RANGES = ['4', '13', '52'] as const;

interface FiltersProps {
  question: Question;
  change: (changes: Parameters) => void;
}

/** Days, places and groups that count. */
export function Filters({ question, change }: FiltersProps) {
  return (
    <search aria-label={filters.title}>
      <Group gap="sm" align="flex-start">
        <Days question={question} change={change} />
        {question.view === 'overview' && (
          <Select
            label={filters.period}
            w={110}
            allowDeselect={false}
            value={question.period}
            onChange={(period) => change({ period: period ?? undefined })}
            data={PERIODS.map((value) => ({ value, label: filters.periods[value] }))}
          />
        )}
        {question.view === 'comparison' && (
          <Select
            label={filters.by}
            w={130}
            allowDeselect={false}
            value={question.by}
            onChange={(by) => change({ by: by ?? undefined })}
            data={UNITS.map((value) => ({ value, label: filters.units[value] }))}
          />
        )}
        <Places question={question} change={change} />
        {question.view !== 'usage' && <Groups question={question} change={change} />}
      </Group>
    </search>
  );
}

function Days({ question, change }: FiltersProps) {
  const { timeZone } = useOrganisation();
  const { from, to } = question;
  // Days that the API cannot answer for, while the address keeps those that they were typed over.
  const [faulty, setFaulty] = useState<{ over: string; days: Pick<Question, 'from' | 'to'> }>();
  const present = `${from} ${to}`;
  const days = faulty?.over === present ? faulty.days : { from, to };
  const wrong = faultOf({ ...question, ...days });
  const today = todayIn(timeZone);
  const isWeeks = (weeks: string) => {
    const range = lastWeeks(Number(weeks), today);
    return range.from === from && range.to === to;
  };
  const apply = (next: typeof days) => {
    const isFaulty = faultOf({ ...question, ...next }) !== undefined;
    setFaulty(isFaulty ? { over: present, days: next } : undefined);
    if (!isFaulty) change(next);
  };
  const faultAt = (field: 'from' | 'to') => (wrong?.field === field ? filters[wrong.fault] : undefined);
  return (
    <>
      <Select
        label={filters.range}
        w={160}
        allowDeselect={false}
        value={RANGES.find(isWeeks) ?? 'own'}
        onChange={(weeks) => weeks && weeks !== 'own' && change(lastWeeks(Number(weeks), today))}
        data={[...RANGES, 'own' as const].map((value) => ({ value, label: filters.ranges[value] }))}
      />
      {(['from', 'to'] as const).map((field) => (
        <TextInput
          key={field}
          type="date"
          label={filters[field]}
          value={days[field]}
          error={faultAt(field)}
          onChange={({ currentTarget: { value } }) => apply({ ...days, [field]: value })}
        />
      ))}
    </>
  );
}

function Places({ question, change }: FiltersProps) {
  const { office, level, zone } = question;
  const [wanted, setWanted] = useState({ levels: false, zones: false });
  const want = (kind: keyof typeof wanted) => () => setWanted({ ...wanted, [kind]: true });
  const levels = useLevels(office, wanted.levels || level !== undefined);
  const zones = useZones(level, wanted.zones || zone !== undefined);
  return (
    <>
      <OfficeSelect
        label={filters.office}
        placeholder={filters.allOffices}
        w={CHOICE_WIDTH}
        value={office}
        onChoose={(id) => change({ office: id, level: undefined, zone: undefined })}
        clear={{
          label: filters.allOffices,
          onClear: () => change({ office: undefined, level: undefined, zone: undefined }),
        }}
      />
      {office && (
        <Choice
          label={filters.level}
          all={filters.allLevels}
          value={level}
          options={levels}
          onOpen={want('levels')}
          onChoose={(id) => change({ level: id, zone: undefined })}
        />
      )}
      {office && level && (
        <Choice
          label={filters.zone}
          all={filters.allZones}
          value={zone}
          options={zones}
          onOpen={want('zones')}
          onChoose={(id) => change({ zone: id })}
        />
      )}
    </>
  );
}

function Groups({ question: { group }, change }: FiltersProps) {
  const { organisation, role } = useOrganisation();
  const mayListGroups = seesPeople(role);
  const { data, isLoading } = useQuery({
    queryKey: [organisation, 'group', group],
    queryFn: ({ signal }) => clientOf(organisation).manage.groups.get(group ?? '', { signal }),
    enabled: mayListGroups && group !== undefined,
  });
  if (!mayListGroups && !group) return null;
  const common = { label: filters.group, value: group };
  const toAll = () => change({ group: undefined });
  if (!mayListGroups) return <Choice {...common} all={filters.allGroups} options={[]} onChoose={toAll} />;
  return (
    <SearchSelect
      {...common}
      placeholder={filters.allGroups}
      w={CHOICE_WIDTH}
      // An id of the address whose name is unknown stays visible, so that it can be removed.
      shown={data?.groupName ?? (isLoading ? undefined : group)}
      onChoose={(id) => change({ group: id })}
      clear={{ label: filters.allGroups, onClear: toAll }}
      queryKey={[organisation, 'active groups']}
      read={async (page, options) => {
        const { items, next } = await clientOf(organisation).manage.groups.page(
          { ...page, status: 'active' },
          options,
        );
        return { items: items.map(({ groupId, groupName }) => ({ value: groupId, label: groupName })), next };
      }}
    />
  );
}

interface ChoiceProps {
  label: string;
  /** The text while nothing is chosen. */
  all: string;
  value: string | undefined;
  options: readonly { value: string; label: string }[];
  /** The options are loaded when they are needed. */
  onOpen?: () => void;
  onChoose: (id: string | undefined) => void;
}

function Choice({ label, all, value, options, onOpen, onChoose }: ChoiceProps) {
  // An id of the address whose name is unknown stays visible, so that it can be removed.
  const named = value === undefined || options.some((option) => option.value === value);
  return (
    <Select
      label={label}
      placeholder={all}
      w={CHOICE_WIDTH}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': all }}
      limit={200}
      nothingFoundMessage={texts.searchSelect.nothing}
      value={value ?? null}
      {...(onOpen && { onDropdownOpen: onOpen })}
      onChange={(id) => onChoose(id ?? undefined)}
      data={named ? options.slice() : [...options, { value, label: value }]}
    />
  );
}
