import { Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { OfficeSelect } from '../frame/office-select.tsx';
import { texts } from '../texts.ts';
import type { PersonDay } from './answers.ts';
import type { Choices } from './choices.ts';
import { SeatSelect } from './seat-select.tsx';

const { change: words } = texts.person;
const PLANS = ['o', 'r', 'a', 'default'] as const;
/** The longest reason, in characters. */
const MOST_CHARACTERS = 200;

interface ChangeFormProps {
  days: readonly PersonDay[];
  canChange: boolean;
  choices: Choices;
  change: (changes: Partial<Choices>) => void;
  isLoading: boolean;
  onPreview: () => void;
}

/** The choices for the selected days. */
export function ChangeForm({ days, canChange, choices, change, isLoading, onPreview }: ChangeFormProps) {
  const { plan, office, seat, reason } = choices;
  if (!canChange) return <Text size="sm">{words.past}</Text>;
  if (days.length === 0) return <Text size="sm">{words.hint}</Text>;
  const isComplete = plan !== 'o' || office !== '';
  return (
    <Stack gap="sm">
      <Text size="sm" role="status">
        {words.selected(days.length)}
      </Text>
      <Group gap="sm" align="flex-start">
        <NativeSelect
          label={words.plan}
          value={plan}
          data={PLANS.map((value) => ({ value, label: words.choices[value] }))}
          onChange={({ currentTarget: { value } }) =>
            change({ plan: PLANS.find((each) => each === value) ?? 'o' })
          }
        />
        {plan === 'o' && (
          <>
            <OfficeSelect
              label={words.office}
              value={office || undefined}
              onChoose={(value) => change({ office: value, seat: '' })}
            />
            {office && (
              <SeatSelect
                office={office}
                days={days}
                seat={seat}
                choose={(value) => change({ seat: value })}
              />
            )}
          </>
        )}
        <TextInput
          label={words.reason}
          description={words.reasonHint}
          inputWrapperOrder={['label', 'input', 'description']}
          maxLength={MOST_CHARACTERS}
          value={reason}
          onChange={({ currentTarget: { value } }) => change({ reason: value })}
        />
      </Group>
      <Group>
        <Button loading={isLoading} disabled={!isComplete} onClick={onPreview}>
          {words.preview}
        </Button>
      </Group>
    </Stack>
  );
}
