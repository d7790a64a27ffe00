import './refused.css';
import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useParameters } from '../frame/address.ts';
import { Failure } from '../frame/failure.tsx';
import { Notice } from '../frame/notice.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';
import { questionOf, STATES, useCauses } from './refused-answers.ts';
import { Causes } from './refused-causes.tsx';
import { EventDetails } from './refused-details.tsx';
import { Events } from './refused-events.tsx';
import { useRetry } from './refused-retry.ts';
import { RetryResult } from './refused-retry-result.tsx';

const { refused } = texts;

/** Refused events: by cause first, then one by one. The address holds the source, the cause, the state, the page and the event. */
export default function Refused() {
  const { timeZone } = useOrganisation();
  const [parameters, change] = useParameters();
  const question = questionOf(parameters);
  const { source } = question;
  const causes = useCauses(question);
  const retry = useRetry();
  return (
    <Stack gap="lg">
      <Text size="sm">{refused.intro}</Text>
      <SegmentedControl
        aria-label={refused.state.label}
        value={question.state}
        onChange={(state) => change({ state, cause: undefined, after: undefined, event: undefined })}
        data={STATES.map((value) => ({ value, label: refused.state[value] }))}
        className="views"
      />
      {source !== undefined && (
        <Group gap="sm">
          <Text size="sm" className="any-text">
            {refused.ofSource(source)}
          </Text>
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={() => change({ source: undefined, after: undefined, event: undefined })}
          >
            {texts.sources.all}
          </Button>
        </Group>
      )}
      <RetryResult retry={retry} />
      {causes.error && <Failure error={causes.error} retry={() => void causes.refetch()} />}
      {!causes.data && !causes.error && <Waiting />}
      {causes.data?.length === 0 && (
        <Notice {...(source === undefined ? refused.empty[question.state] : refused.emptyOfSource)} />
      )}
      {causes.data && causes.data.length > 0 && (
        <>
          <Causes
            causes={causes.data}
            chosen={question.cause}
            choose={(cause) => change({ cause, after: undefined, event: undefined })}
            source={source}
            retry={retry}
          />
          <Events question={question} change={change} retry={retry} />
          <ZoneNote timeZone={timeZone} />
        </>
      )}
      <EventDetails refusalId={question.event} close={() => change({ event: undefined })} retry={retry} />
    </Stack>
  );
}
