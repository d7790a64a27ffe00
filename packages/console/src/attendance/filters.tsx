import { Group, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Parameters } from '../frame/address.ts';
import { todayIn } from '../frame/days.ts';
import { useOffices } from '../frame/nodes.ts';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { useGroups, useLevels, useZones } from './places.ts';
import { faultOf, lastWeeks, PERIODS, type Question } from './question.ts';

const { filters } = texts.attendance;
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
  const [wanted, setWanted] = useState({ offices: false, levels: false, zones: false });
  const want = (kind: keyof typeof wanted) => () => setWanted({ ...wanted, [kind]: true });
  const { offices } = useOffices(wanted.offices || office !== undefined);
  const levels = useLevels(office, wanted.levels || level !== undefined);
  const zones = useZones(level, wanted.zones || zone !== undefined);
  return (
    <>
      <Choice
        label={filters.office}
        all={filters.allOffices}
        value={office}
        options={offices.map(({ locationId, locationName }) => ({ value: locationId, label: locationName }))}
        onOpen={want('offices')}
        onChoose={(id) => change({ office: id, level: undefined, zone: undefined })}
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
  const { role } = useOrganisation();
  const [isWanted, setIsWanted] = useState(false);
  const mayListGroups = role === 'administrator' || role === 'planner';
  const groups = useGroups(mayListGroups && (isWanted || group !== undefined));
  if (!mayListGroups && !group) return null;
  return (
    <Choice
      label={filters.group}
      all={filters.allGroups}
      value={group}
      options={groups}
      onOpen={() => setIsWanted(true)}
      onChoose={(id) => change({ group: id })}
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
  onOpen: () => void;
  onChoose: (id: string | undefined) => void;
}

function Choice({ label, all, value, options, onOpen, onChoose }: ChoiceProps) {
  // An id of the address whose name is unknown stays visible, so that it can be removed.
  const named = value === undefined || options.some((option) => option.value === value);
  return (
    <Select
      label={label}
      placeholder={all}
      w={170}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': all }}
      limit={200}
      nothingFoundMessage={filters.noMatch}
      value={value ?? null}
      onDropdownOpen={onOpen}
      onChange={(id) => onChoose(id ?? undefined)}
      data={named ? options.slice() : [...options, { value, label: value }]}
    />
  );
}
