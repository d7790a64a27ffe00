import { SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import type { ImportReport } from '@rollcall/sdk';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { texts } from '../../texts.ts';
import { Effects } from '../effects.tsx';
import { formatWhole } from '../format.ts';
import { ScrollTable } from '../scroll-table.tsx';

const { csvImport: words } = texts;
const COUNTS = ['created', 'updated', 'unchanged', 'refused'] as const;
const TABLE_HEIGHT = 260;

interface ReportViewProps {
  title: string;
  note?: string;
  report: ImportReport;
  /** What can be done with it. */
  children?: ReactNode;
}

/** What a file changed, or would change: counts, refused rows, changed rows and bookings. */
export function ReportView({ title, note, report, children }: ReportViewProps) {
  const titleId = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  // The report appears far from the button that asked for it.
  useEffect(() => heading.current?.focus(), []);
  const { ignoredColumns, refusals, moreRefusals, changes, moreChanges, effects } = report;
  return (
    <section aria-labelledby={titleId} data-report={report.dryRun ? 'preview' : 'stored'}>
      <Stack gap="sm">
        <div>
          <Title order={2} id={titleId} ref={heading} tabIndex={-1} className="page-title">
            {title}
          </Title>
          {note && (
            <Text size="sm" c="dimmed">
              {note}
            </Text>
          )}
        </div>
        <SimpleGrid component="dl" cols={{ base: 2, xs: 4 }} spacing="sm" m={0}>
          {COUNTS.map((name) => (
            <div key={name}>
              <Text component="dt" size="sm" c="dimmed">
                {words.counts[name]}
              </Text>
              <Text component="dd" m={0} fz="xl" fw={600} data-count={name}>
                {formatWhole(report[name])}
              </Text>
            </div>
          ))}
        </SimpleGrid>
        {ignoredColumns.length > 0 && <Text size="sm">{words.ignored(ignoredColumns.join(', '))}</Text>}
        {effects && <Effects effects={effects} />}
        {children}
        {refusals.length > 0 && (
          <div>
            <Title order={3} size="h5">
              {words.refusals}
            </Title>
            {report.dryRun && <Text size="sm">{words.refusalsAdvice}</Text>}
            <ScrollTable label={words.refusals} columns={words.refusalsTable} maxHeight={TABLE_HEIGHT}>
              {refusals.map(({ line, reason }) => (
                <Table.Tr key={line}>
                  <Table.Td>{line}</Table.Td>
                  <Table.Td>{reason}</Table.Td>
                </Table.Tr>
              ))}
            </ScrollTable>
            {moreRefusals > 0 && <Text size="sm">{words.more(formatWhole(moreRefusals))}</Text>}
          </div>
        )}
        {changes.length > 0 && (
          <div>
            <Title order={3} size="h5">
              {words.changes}
            </Title>
            <ScrollTable label={words.changes} columns={words.changesTable} maxHeight={TABLE_HEIGHT}>
              {changes.map(({ line, result, name }) => (
                <Table.Tr key={line}>
                  <Table.Td>{line}</Table.Td>
                  <Table.Td>{words.results[result]}</Table.Td>
                  <Table.Td>{name ?? texts.none}</Table.Td>
                </Table.Tr>
              ))}
            </ScrollTable>
            {moreChanges > 0 && <Text size="sm">{words.more(formatWhole(moreChanges))}</Text>}
          </div>
        )}
      </Stack>
    </section>
  );
}
