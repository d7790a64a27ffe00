import { Table } from '@mantine/core';
import { type ReactNode, useRef } from 'react';
import { TableHead } from './scroll-table.tsx';
import { useVirtualRows } from './virtual-rows.ts';

interface VirtualTableProps {
  /** The name of the table, for screen readers. */
  label: string;
  columns: readonly string[];
  /** Each row ends with controls. Their column has no header. */
  withControls?: boolean;
  className?: string;
  /** In pixels. A narrower page scrolls the table sideways. */
  minWidth: number;
  /** In pixels. The rows beyond it scroll. */
  maxHeight: number;
  /** About the height of a row, in pixels. */
  rowHeight: number;
  count: number;
  /** The cells of a row. */
  cells: (index: number) => ReactNode;
  /** Asks for more rows, because the last one is near. Undefined if no row follows. */
  onNearEnd?: (() => void) | undefined;
}

const ROWS_AROUND = 5;

/** A table of thousands of rows, which scrolls within itself. Only the rows near the visible ones are in the document. */
export function VirtualTable(props: VirtualTableProps) {
  const { label, columns, withControls = false, className = '' } = props;
  const { minWidth, maxHeight, rowHeight, count, cells, onNearEnd } = props;
  const box = useRef<HTMLDivElement>(null);
  const { virtualizer, rows, above, below } = useVirtualRows(box, {
    ...{ count, rowHeight, onNearEnd },
    rowsAround: ROWS_AROUND,
  });
  return (
    <Table.ScrollContainer
      minWidth={minWidth}
      maxHeight={maxHeight}
      scrollAreaProps={{
        viewportRef: box,
        viewportProps: { tabIndex: 0, role: 'group', 'aria-label': label },
      }}
    >
      <Table
        stickyHeader
        withTableBorder
        verticalSpacing={4}
        className={className}
        aria-label={label}
        aria-rowcount={onNearEnd ? -1 : count + 1}
      >
        <TableHead columns={columns} withControls={withControls} />
        <Table.Tbody>
          <Space height={above} />
          {rows.map(({ index }) => (
            <Table.Tr
              key={index}
              ref={virtualizer.measureElement}
              data-index={index}
              // The first row has the headers.
              aria-rowindex={index + 2}
            >
              {cells(index)}
            </Table.Tr>
          ))}
          <Space height={below} />
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** The place of rows that are not in the document. */
function Space({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: the row has nothing that takes the focus.
    <tr aria-hidden="true">
      <td style={{ height, padding: 0 }} />
    </tr>
  );
}
