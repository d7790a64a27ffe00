import { Table } from '@mantine/core';
import type { NumbersTableProps } from '../frame/charts/figure.tsx';
import { VirtualTable } from '../frame/virtual-table.tsx';

const HEIGHT = 560;
const ROW_HEIGHT = 30;
/** Below this width, the table scrolls sideways. */
const MIN_WIDTH = 720;

/** A table of numbers with thousands of rows. The first column names the row. */
export default function LongTable({ label, numbers: { columns, rows } }: NumbersTableProps) {
  return (
    <VirtualTable
      label={label}
      columns={columns}
      className="numbers"
      minWidth={MIN_WIDTH}
      maxHeight={HEIGHT}
      rowHeight={ROW_HEIGHT}
      count={rows.length}
      cells={(index) => {
        const [name, ...cells] = rows[index]?.cells ?? [];
        return (
          <>
            <Table.Th scope="row">{name}</Table.Th>
            {cells.map((cell, column) => (
              <Table.Td key={columns[column + 1]}>{cell}</Table.Td>
            ))}
          </>
        );
      }}
    />
  );
}
