import { Alert, Button, Group, List, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { Failure } from '../frame/failure.tsx';
import { formatWeekdayAndDay } from '../frame/format.ts';
import { Notice } from '../frame/notice.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { forgetPerson, type PersonDay, type Profile, useManage } from './answers.ts';
import { ChangeForm } from './change-form.tsx';
import { type Choices, type DayResult, type Proposal, proposalOf, undoOf } from './choices.ts';
import { Preview } from './preview.tsx';

const { change } = texts.person;

interface ChangeDaysProps {
  profile: Profile;
  /** The selected days. */
  days: readonly PersonDay[];
  canChange: boolean;
  reload: () => Promise<unknown>;
  onDone: () => void;
}

/** What the person who changes days sees now: the choices, what they would do, or what they have done. */
type Step =
  | { is: 'choosing' }
  | { is: 'previewed'; proposal: Proposal; results: readonly DayResult[] }
  | { is: 'done'; proposal: Proposal; results: readonly DayResult[]; previewed: readonly DayResult[] };

/** Changes plans and bookings of the selected days, after it has shown what would happen. */
export function ChangeDays({ profile, days, canChange, reload, onDone }: ChangeDaysProps) {
  const id = useId();
  const { userId, primaryLocationId } = profile;
  const { organisation } = useOrganisation();
  const manage = useManage();
  const [step, setStep] = useState<Step>({ is: 'choosing' });
  const [choices, setChoices] = useState<Choices>({
    plan: 'o',
    office: primaryLocationId ?? '',
    seat: '',
    reason: '',
  });
  const preview = useMutation({
    mutationFn: async (proposal: Proposal) => {
      const { results } = await manage.days.preview(proposal.items);
      setStep({ is: 'previewed', proposal, results });
    },
  });
  const apply = useMutation({
    mutationFn: async ({ proposal, results: previewed }: Step & { is: 'previewed' }) => {
      const { results } = await manage.days.submit(proposal.items);
      setStep({ is: 'done', proposal, results, previewed });
      await forgetPerson(organisation, userId);
      if (results.some(({ result }) => result === 'updated')) onDone();
    },
  });
  const error = preview.error ?? apply.error;
  const back = () => {
    preview.reset();
    apply.reset();
    setStep({ is: 'choosing' });
  };
  return (
    <section aria-labelledby={id}>
      <Stack gap="sm">
        <Title order={2} id={id}>
          {change.title}
        </Title>
        {step.is === 'choosing' && (
          <ChangeForm
            days={days}
            canChange={canChange}
            choices={choices}
            change={(changes) => setChoices({ ...choices, ...changes })}
            isLoading={preview.isPending}
            onPreview={() => preview.mutate(proposalOf(userId, days, choices))}
          />
        )}
        {step.is === 'previewed' && (
          <Preview
            proposal={step.proposal}
            results={step.results}
            isLoading={apply.isPending}
            onApply={() => apply.mutate(step)}
            onBack={back}
            onReload={() => void reload().then(back)}
          />
        )}
        {step.is === 'done' && (
          <Done
            {...step}
            isLoading={preview.isPending}
            onUndo={(made) => preview.mutate(undoOf(userId, step.proposal, made))}
            onClose={back}
          />
        )}
        {error && <Failure error={error} />}
      </Stack>
    </section>
  );
}

interface DoneProps {
  proposal: Proposal;
  results: readonly DayResult[];
  previewed: readonly DayResult[];
  isLoading: boolean;
  onUndo: (made: ReadonlyMap<string, DayResult>) => void;
  onClose: () => void;
}

function Done({ proposal, results, previewed, isLoading, onUndo, onClose }: DoneProps) {
  const { before, isUndo } = proposal;
  const made = new Map(
    before.flatMap(({ day }, n) => {
      const shown = previewed[n];
      return shown && results[n]?.result === 'updated' ? [[day, shown] as const] : [];
    }),
  );
  const refused = before.flatMap(({ day }, n) => {
    const result = results[n];
    return result?.result === 'refused' ? [{ day, message: result.message, reason: result.reason }] : [];
  });
  return (
    <Stack gap="sm">
      <Alert variant="outline" color="green" role="status">
        {change.done(made.size)}
      </Alert>
      {refused.length > 0 && (
        <div role="alert">
          <Text size="sm">{change.notDone}</Text>
          <List size="sm">
            {refused.map(({ day, message }) => (
              <List.Item key={day}>
                {formatWeekdayAndDay(day)}: {message}
              </List.Item>
            ))}
          </List>
          {refused.some(({ reason }) => reason === 'changed-meanwhile') && (
            <Notice title={change.changed.title} advice={change.changed.advice} />
          )}
        </div>
      )}
      <Group>
        {made.size > 0 && !isUndo && (
          <Button variant="default" loading={isLoading} onClick={() => onUndo(made)}>
            {change.undo}
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          {change.close}
        </Button>
      </Group>
    </Stack>
  );
}
