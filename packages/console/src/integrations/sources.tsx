import '../frame/charts/style.css';
import { Anchor, SegmentedControl, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useParameters } from '../frame/address.ts';
import { Failure } from '../frame/failure.tsx';
import { Notice } from '../frame/notice.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { nameOf, useSources } from '../frame/sources.ts';
import { texts } from '../texts.ts';
import { EventQuotaWarning } from './event-quota.tsx';
import { SourceRates } from './sources-rates.tsx';
import { SourceTable } from './sources-table.tsx';

const { sources } = texts;
const STEPS = ['hour', 'day'] as const;

/** The sources of events, and the events of one or all of them over time. The address names the source and the step. */
export default function Sources() {
  const { organisation, timeZone } = useOrganisation();
  const [parameters, change] = useParameters();
  const { data, error, refetch } = useSources();
  const step = parameters.get('by') === 'day' ? 'day' : 'hour';
  const chosen = data?.find(
    ({ endpoint, sourceId }) =>
      endpoint === parameters.get('endpoint') && (sourceId ?? '') === (parameters.get('source') ?? ''),
  );
  return (
    <Stack gap="lg">
      <Text size="sm">{sources.intro}</Text>
      <EventQuotaWarning />
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data?.length === 0 && <Notice {...sources.empty} />}
      {data && data.length > 0 && (
        <>
          <SourceTable
            items={data}
            chosen={chosen}
            choose={(source) => change({ source: source?.sourceId ?? undefined, endpoint: source?.endpoint })}
          />
          <SegmentedControl
            aria-label={sources.by.label}
            value={step}
            onChange={(by) => change({ by })}
            data={STEPS.map((value) => ({ value, label: sources.by[value] }))}
            className="views"
          />
          <SourceRates items={chosen ? [chosen] : data} chosen={chosen} step={step} />
          {chosen?.sourceId && (
            <Anchor
              component={Link}
              href={`/${organisation}/integrations?${new URLSearchParams({ view: 'refused', source: chosen.sourceId })}`}
              size="sm"
            >
              {sources.refusedOf(nameOf(chosen))}
            </Anchor>
          )}
          <Text size="sm" c="dimmed">
            {sources.note(timeZone)}
          </Text>
        </>
      )}
    </Stack>
  );
}
