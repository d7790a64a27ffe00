import { Anchor, Group, Table, Title } from '@mantine/core';
import { useId } from 'react';
import { Link } from 'wouter';
import { Failure } from '../frame/failure.tsx';
import { formatInstant, formatWhole } from '../frame/format.ts';
import { useOrganisation } from '../frame/session.ts';
import { SourceState } from '../frame/source-state.tsx';
import { nameOf, useSources } from '../frame/sources.ts';
import { ZoneNote } from '../frame/zone-note.tsx';
import { texts } from '../texts.ts';

const { sources } = texts;
/** Quiet sources come first. */
const SHOWN = 8;

/** When sources sent their last event, and which are quiet. Nothing if no source has sent anything. */
export function Sources() {
  const titleId = useId();
  const { organisation, role, timeZone } = useOrganisation();
  const { data, error, refetch } = useSources();
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data || data.length === 0) return null;
  const quiet = data.filter((source) => source.quiet).length;
  return (
    <section aria-labelledby={titleId}>
      <Group justify="space-between" mb="xs">
        <Title order={2} id={titleId}>
          {quiet > 0 ? `${sources.title} · ${sources.quietCount(formatWhole(quiet))}` : sources.title}
        </Title>
        {(role === 'administrator' || role === 'integrations') && (
          <Anchor component={Link} href={`/${organisation}/integrations?view=sources`} size="sm">
            {sources.more}
          </Anchor>
        )}
      </Group>
      <Table withTableBorder verticalSpacing={4}>
        <Table.Tbody>
          {data.slice(0, SHOWN).map((source) => (
            <Table.Tr key={`${source.endpoint} ${source.sourceId}`} data-source={source.sourceId}>
              <Table.Th scope="row" fw={400}>
                {nameOf(source)}, {source.endpoint}
              </Table.Th>
              <Table.Td>
                <time dateTime={source.lastEventAt}>{formatInstant(source.lastEventAt, timeZone)}</time>
              </Table.Td>
              <Table.Td>
                <SourceState source={source} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <ZoneNote timeZone={timeZone} />
    </section>
  );
}
