import { Button, Group, Table, Title, VisuallyHidden } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react';
import { texts } from '../../texts.ts';
import { TableHead } from '../scroll-table.tsx';

/** The numbers of a chart: what its table shows. */
export interface Numbers {
  columns: readonly string[];
  rows: readonly { key: string; cells: readonly string[] }[];
}

/** The point of a chart at which the reader is: a column, and in a matrix a row. */
export interface Cursor {
  column: number;
  row: number;
}

interface ChartFigureProps {
  title: string;
  numbers: Numbers;
  columns: number;
  rows?: number;
  /** The point in words. The page shows it below the chart, and screen readers say it. */
  describe: (cursor: Cursor) => string;
  legend?: ReactNode;
  /** Draws the chart. `cursor` is undefined while the reader is nowhere. */
  children: (cursor: Cursor | undefined, moveTo: (cursor: Cursor | undefined) => void) => ReactNode;
}

/**
 * A chart, and a table of the same numbers a click away. Arrow keys, Home and End move through the points of the chart.
 * Screen readers get the table, whether or not it is visible.
 */
export function ChartFigure({
  title,
  numbers,
  columns,
  rows = 1,
  describe,
  legend,
  children,
}: ChartFigureProps) {
  const [asTable, setAsTable] = useState(false);
  const [cursor, setCursor] = useState<Cursor>();
  const titleId = useId();
  const onKeyDown = (event: KeyboardEvent) => {
    const next = moved(cursor, event.key, columns, rows);
    if (!next) return;
    event.preventDefault();
    setCursor(next);
  };
  return (
    <section aria-labelledby={titleId} className="figure">
      <Group justify="space-between" wrap="nowrap" mb="xs">
        <Title order={2} id={titleId}>
          {title}
        </Title>
        <Button
          variant="subtle"
          size="compact-sm"
          flex="none"
          aria-pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        >
          {texts.charts.asTable}
        </Button>
      </Group>
      {asTable ? (
        <NumbersTable label={title} numbers={numbers} />
      ) : (
        <>
          {legend}
          <div
            className="chart"
            role="img"
            aria-label={`${title}. ${texts.charts.keys}`}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move through the points of the chart.
            tabIndex={0}
            onKeyDown={onKeyDown}
            onBlur={() => setCursor(undefined)}
            onPointerLeave={() => setCursor(undefined)}
          >
            {children(cursor, setCursor)}
          </div>
          <p className="readout" aria-live="polite">
            {cursor ? describe(cursor) : texts.charts.hint}
          </p>
          <VisuallyHidden>
            <PlainTable label={title} numbers={numbers} />
          </VisuallyHidden>
        </>
      )}
    </section>
  );
}

function moved(cursor: Cursor | undefined, key: string, columns: number, rows: number): Cursor | undefined {
  const at = cursor ?? { column: -1, row: 0 };
  const inside = (value: number, count: number) => Math.min(Math.max(value, 0), count - 1);
  const to = (column: number, row: number) => ({ column: inside(column, columns), row: inside(row, rows) });
  if (columns === 0) return undefined;
  if (key === 'ArrowRight') return to(at.column + 1, at.row);
  if (key === 'ArrowLeft') return to(at.column - 1, at.row);
  if (key === 'ArrowDown') return to(at.column, at.row + 1);
  if (key === 'ArrowUp') return to(at.column, at.row - 1);
  if (key === 'Home') return to(0, at.row);
  if (key === 'End') return to(columns - 1, at.row);
  return undefined;
}

export interface NumbersTableProps {
  label: string;
  numbers: Numbers;
}

/** A table that scrolls within its place. */
export function NumbersTable(props: NumbersTableProps) {
  return (
    <Table.ScrollContainer
      minWidth={0}
      maxHeight={560}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'group', 'aria-label': props.label } }}
    >
      <PlainTable {...props} />
    </Table.ScrollContainer>
  );
}

/** A table whose first column names the row. */
function PlainTable({ label, numbers }: NumbersTableProps) {
  return (
    <Table stickyHeader striped withTableBorder verticalSpacing={4} className="numbers">
      <Table.Caption className="hidden-caption">{label}</Table.Caption>
      <TableHead columns={numbers.columns} />
      <Table.Tbody>
        {numbers.rows.map(({ key, cells: [name, ...cells] }) => (
          <Table.Tr key={key}>
            <Table.Th scope="row">{name}</Table.Th>
            {cells.map((cell, index) => (
              <Table.Td key={numbers.columns[index + 1]}>{cell}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
