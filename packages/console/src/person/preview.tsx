import { Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { formatWeekdayAndDay } from '../frame/format.ts';
import { Notice } from '../frame/notice.tsx';
import { ScrollTable } from '../frame/scroll-table.tsx';
import { texts } from '../texts.ts';
import type { PersonDay } from './answers.ts';
import type { DayResult, Proposal } from './choices.ts';
import { dayWords } from './day-words.ts';

const { change } = texts.person;

interface PreviewProps {
  proposal: Proposal;
  results: readonly DayResult[];
  isLoading: boolean;
  onApply: () => void;
  onBack: () => void;
  /** Reads the week again. */
  onReload: () => void;
}

/** What a proposal would do, day by day, before it is done. */
export function Preview({ proposal, results, isLoading, onApply, onBack, onReload }: PreviewProps) {
  const { before, isUndo } = proposal;
  const changing = results.filter(({ result }) => result === 'updated').length;
  const isOld = results.some(({ reason }) => reason === 'changed-meanwhile');
  const title = isUndo ? change.undoTitle : change.previewTitle;
  return (
    <Stack gap="sm">
      <Title order={3} size="h4">
        {title}
      </Title>
      <ScrollTable label={title} columns={isUndo ? change.columns.toSpliced(1, 1) : change.columns}>
        {before.map((day, n) => (
          <Table.Tr key={day.day}>
            <Table.Th scope="row">{formatWeekdayAndDay(day.day)}</Table.Th>
            {!isUndo && <Table.Td>{dayWords(day)}</Table.Td>}
            <Table.Td>
              <Outcome before={day} result={results[n]} isUndo={isUndo} />
            </Table.Td>
          </Table.Tr>
        ))}
      </ScrollTable>
      {isOld && (
        <div role="alert">
          <Notice title={change.changed.title} advice={change.changed.advice}>
            <Button variant="default" size="xs" mt="xs" onClick={onReload}>
              {change.changed.load}
            </Button>
          </Notice>
        </div>
      )}
      {changing === 0 && !isOld && <Text size="sm">{change.nothing}</Text>}
      <Group>
        {changing > 0 && (
          <Button loading={isLoading} onClick={onApply}>
            {isUndo ? change.undo : change.apply(changing)}
          </Button>
        )}
        <Button variant="default" onClick={onBack}>
          {change.back}
        </Button>
      </Group>
    </Stack>
  );
}

interface OutcomeProps {
  before: PersonDay;
  result: DayResult | undefined;
  isUndo: boolean;
}

function Outcome({ before, result, isUndo }: OutcomeProps) {
  if (!result) return null;
  if (result.result === 'refused') return <Text size="sm">{change.refused(result.message)}</Text>;
  const after = result.after ? dayWords(result.after) : texts.none;
  if (isUndo) {
    return (
      <>
        {after}
        {after !== dayWords(before) && (
          <Text size="xs" c="dimmed">
            {change.otherThanBefore(dayWords(before))}
          </Text>
        )}
      </>
    );
  }
  return <>{result.result === 'unchanged' ? change.same : after}</>;
}
