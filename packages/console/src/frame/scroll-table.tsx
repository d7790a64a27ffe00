import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

interface ScrollTableProps {
  /** The name of the table, for screen readers. */
  label: string;
  columns: readonly string[];
  /** In pixels. The rows beyond it scroll. */
  maxHeight: number;
  /** In pixels. In a narrower window the columns scroll. */
  minWidth?: number;
  /** The rows. */
  children: ReactNode;
}

/** A table of text that scrolls within itself, in both directions. */
export function ScrollTable({ label, columns, maxHeight, minWidth = 0, children }: ScrollTableProps) {
  return (
    <Table.ScrollContainer
      minWidth={minWidth}
      maxHeight={maxHeight}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'group', 'aria-label': label } }}
    >
      <Table stickyHeader withTableBorder verticalSpacing={4} aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column} scope="col">
                {column}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
