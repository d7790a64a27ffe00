import { Alert, Button, Group, NativeSelect, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { ConflictError } from '@rollcall/sdk';
import { useMutation } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { Failure } from '../frame/failure.tsx';
import { type Office, useOffices } from '../frame/nodes.ts';
import { Notice } from '../frame/notice.tsx';
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
  const { offices } = useOffices();
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
            <NativeSelect
              key={day}
              label={words.days[day]}
              value={chosen(day)}
              data={optionsOf(offices, chosen(day))}
              {...(isConflict && choiceOf(seen.weekPlan[day]) !== chosen(day)
                ? { error: words.now(labelOf(offices, choiceOf(seen.weekPlan[day]))) }
                : {})}
              onChange={({ currentTarget: { value } }) => choose(day, value)}
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

function optionsOf(offices: readonly Office[], present: string): { value: string; label: string }[] {
  const values = ['', 'o', 'r', 'a', ...offices.map(({ locationId }) => `o ${locationId}`)];
  const all = values.includes(present) ? values : [...values, present];
  return all.map((value) => ({ value, label: labelOf(offices, value) }));
}

function labelOf(offices: readonly Office[], value: string): string {
  const [plan, locationId] = value.split(' ');
  if (!plan) return person.noPlan;
  if (plan === 'r') return plans.r;
  if (plan === 'a') return plans.a;
  if (!locationId) return words.primary;
  return person.atOffice(
    offices.find((office) => office.locationId === locationId)?.locationName ?? locationId,
  );
}
