import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

interface ScrollTableProps {
  /** The name of the table, for screen readers. */
  label: string;
  columns: readonly string[];
  /** Each row ends with controls. Their column has no header. */
  withControls?: boolean;
  /** In pixels. A narrower page scrolls the table sideways. */
  minWidth?: number;
  /** In pixels. The rows beyond it scroll. */
  maxHeight?: number;
  className?: string;
  /** The rows. */
  children: ReactNode;
}

/** A table that scrolls within itself, in both directions. */
export function ScrollTable({
  label,
  columns,
  withControls = false,
  minWidth = 0,
  maxHeight,
  className,
  children,
}: ScrollTableProps) {
  return (
    <Table.ScrollContainer
      minWidth={minWidth}
      {...(maxHeight === undefined ? {} : { maxHeight })}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'group', 'aria-label': label } }}
    >
      <Table stickyHeader withTableBorder verticalSpacing={4} aria-label={label} className={className ?? ''}>
        <TableHead columns={columns} withControls={withControls} />
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** The row of column headers. */
export function TableHead({
  columns,
  withControls = false,
}: Pick<ScrollTableProps, 'columns' | 'withControls'>) {
  return (
    <Table.Thead>
      <Table.Tr>
        {columns.map((column) => (
          <Table.Th key={column} scope="col">
            {column}
          </Table.Th>
        ))}
        {withControls && <Table.Td />}
      </Table.Tr>
    </Table.Thead>
  );
}
