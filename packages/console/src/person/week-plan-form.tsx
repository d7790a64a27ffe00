import { Alert, Button, Group, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { ConflictError } from '@rollcall/sdk';
import { useMutation } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { compareNames, nodesKey } from '../frame/nodes.ts';
import { Notice } from '../frame/notice.tsx';
import { useOfficeName } from '../frame/office-select.tsx';
import { hasWords, SearchSelect } from '../frame/search-select.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { forgetPerson, type Profile, useManage } from './answers.ts';

const { person } = texts;
const { weekPlan: words, plans } = person;
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
type Weekday = (typeof WEEKDAYS)[number];
type WeekPlan = Profile['weekPlan'];
type WeekdayPlan = WeekPlan[Weekday];

/** A weekday's plan as the value of a choice: empty, `r`, `a`, `o`, or `o` with the office's id. */
function choiceOf(plan: WeekdayPlan): string {
  if (!plan) return '';
  return plan.locationId ? `${plan.plan} ${plan.locationId}` : plan.plan;
}

function planOf(value: string): WeekdayPlan {
  const [plan, locationId] = value.split(' ');
  return plan ? { plan, ...(locationId ? { locationId } : {}) } : null;
}

/** Shows and replaces the default plan of each weekday. */
export function WeekPlanForm({ profile }: { profile: Profile }) {
  const id = useId();
  const { organisation } = useOrganisation();
  const manage = useManage();
  const { userId, weekPlan, weekPlanVersion } = profile;
  const [choices, setChoices] = useState<Partial<Record<Weekday, string>>>({});
  const [applyFrom, setApplyFrom] = useState('');
  /** The week plan that the person who edits has seen. */
  const [seen, setSeen] = useState({ weekPlan, version: weekPlanVersion });
  const chosen = (day: Weekday) => choices[day] ?? choiceOf(seen.weekPlan[day]);
  const { mutate, error, isPending, isSuccess, reset } = useMutation({
    mutationFn: () => {
      const plans = WEEKDAYS.map((day) => [day, planOf(chosen(day))] as const);
      return manage.weekPlans.set(userId, {
        weekPlan: Object.fromEntries(plans),
        version: seen.version,
        ...(applyFrom ? { applyFrom } : {}),
      });
    },
    onSuccess: (saved) => {
      setSeen({ weekPlan: saved.weekPlan, version: saved.version });
      setChoices({});
      return forgetPerson(organisation, userId);
    },
    onError: async (failure) => {
      if (!(failure instanceof ConflictError)) return;
      // What was chosen stays, also where it was the plan before.
      setChoices(Object.fromEntries(WEEKDAYS.map((day) => [day, chosen(day)])));
      const { weekPlan: now, version } = await manage.weekPlans.get(userId);
      setSeen({ weekPlan: now, version });
    },
  });
  const choose = (day: Weekday, value: string) => {
    setChoices({ ...choices, [day]: value });
    if (!error) reset();
  };
  const isConflict = error instanceof ConflictError;
  return (
    <section aria-labelledby={id}>
      <Stack gap="sm">
        <Title order={2} id={id}>
          {words.title}
        </Title>
        <Text size="sm">{words.intro}</Text>
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} maw={900}>
          {WEEKDAYS.map((day) => (
            <WeekdaySelect
              key={day}
              label={words.days[day]}
              value={chosen(day)}
              present={isConflict ? choiceOf(seen.weekPlan[day]) : chosen(day)}
              choose={(value) => choose(day, value)}
            />
          ))}
          <TextInput
            type="date"
            label={words.applyFrom}
            description={words.applyFromHint}
            value={applyFrom}
            onChange={({ currentTarget: { value } }) => setApplyFrom(value)}
          />
        </SimpleGrid>
        {isConflict && (
          <div role="alert">
            <Notice {...words.changed} />
          </div>
        )}
        {error && !isConflict && <Failure error={error} />}
        {isSuccess && (
          <Alert variant="outline" color="green" role="status">
            {words.saved}
          </Alert>
        )}
        <Group>
          <Button loading={isPending} onClick={() => mutate()}>
            {words.save}
          </Button>
        </Group>
      </Stack>
    </section>
  );
}

/** The plans without a certain office. */
const PLANS = ['', 'o', 'r', 'a'] as const;

interface WeekdaySelectProps {
  label: string;
  value: string;
  /** The plan that the server has. */
  present: string;
  choose: (value: string) => void;
}

/** Chooses a plan, or an office for a plan. Offices are searched on the server. */
function WeekdaySelect({ label, value, present, choose }: WeekdaySelectProps) {
  const { organisation } = useOrganisation();
  const presentLabel = useLabel(present);
  return (
    <SearchSelect
      label={label}
      value={value}
      shown={useLabel(value)}
      error={present === value ? undefined : words.now(presentLabel ?? '')}
      onChoose={choose}
      queryKey={[...nodesKey(organisation), 'week plan choices']}
      read={async (page, options) => {
        const filter = { ...page, kind: 'location', status: 'active' };
        const { items, next } = await clientOf(organisation).manage.nodesPage(filter, options);
        const plans = page.after === undefined ? plansWith(page.search ?? '') : [];
        const offices = items
          .sort((a, b) => compareNames(a.name, b.name))
          .map(({ nodeId, name }) => ({ value: `o ${nodeId}`, label: person.atOffice(name) }));
        return { items: [...plans, ...offices], next };
      }}
    />
  );
}

/** The plans without a certain office that have the words of a search. */
function plansWith(search: string) {
  return PLANS.map((value) => ({ value, label: labelOf(value, undefined) })).filter(({ label }) =>
    hasWords(label, search),
  );
}

/** A choice in words. Undefined while the name of its office is loaded. */
function useLabel(value: string): string | undefined {
  const [, locationId] = value.split(' ');
  const officeName = useOfficeName(locationId);
  return locationId && officeName === undefined ? undefined : labelOf(value, officeName);
}

function labelOf(value: string, officeName: string | undefined): string {
  const [plan] = value.split(' ');
  if (!plan) return person.noPlan;
  if (plan === 'r') return plans.r;
  if (plan === 'a') return plans.a;
  return officeName === undefined ? words.primary : person.atOffice(officeName);
}
