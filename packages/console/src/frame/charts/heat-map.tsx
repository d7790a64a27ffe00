import { useElementSize } from '@mantine/hooks';
import { ChartFigure, type Cursor } from './figure.tsx';
import { labelStep } from './scale.ts';

export interface HeatMapProps {
  title: string;
  /** The header of the table's first column. */
  columnName: string;
  columns: readonly { key: string; label: string }[];
  rows: readonly { key: string; label: string }[];
  /** The value of a column in a row; null where there is none. */
  valueAt: (column: number, row: number) => number | null;
  format: (value: number | null) => string;
}

const ROW_HEIGHT = 28;
const MARGIN = { bottom: 24, left: 44 };
const LABEL_WIDTH = 84;
const GAP = 2;
/** A column that is at least so wide has the number in it, in pixels. */
const NUMBER_WIDTH = 34;

/** A matrix. The area of a square grows with its value, so that the map works without colour. */
export function HeatMap({ title, columnName, columns, rows, valueAt, format }: HeatMapProps) {
  const { ref, width } = useElementSize();
  const innerWidth = Math.max(width - MARGIN.left, 0);
  const band = innerWidth / Math.max(columns.length, 1);
  const step = labelStep(columns.length, innerWidth, LABEL_WIDTH);
  const greatest = Math.max(
    1,
    ...columns.flatMap((_, column) => rows.map((__, row) => valueAt(column, row) ?? 0)),
  );
  const height = rows.length * ROW_HEIGHT + MARGIN.bottom;
  const describe = ({ column, row }: Cursor) =>
    `${columns[column]?.label} · ${rows[row]?.label} · ${format(valueAt(column, row))}`;
  return (
    <ChartFigure
      title={title}
      columns={columns.length}
      rows={rows.length}
      describe={describe}
      numbers={{
        columns: [columnName, ...rows.map(({ label }) => label)],
        rows: columns.map(({ key, label }, column) => ({
          key,
          cells: [label, ...rows.map((_, row) => format(valueAt(column, row)))],
        })),
      }}
    >
      {(cursor, moveTo) => (
        <div ref={ref}>
          <svg width={width} height={height} aria-hidden="true" focusable="false">
            {rows.map(({ key, label }, row) => (
              <g key={key} transform={`translate(0 ${row * ROW_HEIGHT})`}>
                <text className="mark" x={MARGIN.left - 6} y={ROW_HEIGHT / 2} dy="0.32em" textAnchor="end">
                  {label}
                </text>
                {columns.map((each, column) => (
                  <Cell
                    key={each.key}
                    x={MARGIN.left + column * band}
                    width={band}
                    share={(valueAt(column, row) ?? 0) / greatest}
                    text={band >= NUMBER_WIDTH ? format(valueAt(column, row)) : ''}
                    here={cursor?.column === column && cursor.row === row}
                    onEnter={() => moveTo({ column, row })}
                  />
                ))}
              </g>
            ))}
            {columns.map(({ key, label }, column) =>
              column % step === 0 ? (
                <text key={key} className="mark" x={MARGIN.left + column * band} y={height - 8}>
                  {label}
                </text>
              ) : null,
            )}
          </svg>
        </div>
      )}
    </ChartFigure>
  );
}

interface CellProps {
  x: number;
  width: number;
  /** The value, as a share of the greatest one. */
  share: number;
  text: string;
  here: boolean;
  onEnter: () => void;
}

function Cell({ x, width, share, text, here, onEnter }: CellProps) {
  const room = { width: Math.max(width - GAP, 0), height: ROW_HEIGHT - GAP };
  const side = Math.sqrt(share);
  return (
    <g onPointerEnter={onEnter}>
      <rect className={here ? 'cell here' : 'cell'} x={x} y={0} {...room} />
      {text === '' ? (
        <rect
          className="value"
          x={x + (room.width * (1 - side)) / 2}
          y={(room.height * (1 - side)) / 2}
          width={room.width * side}
          height={room.height * side}
        />
      ) : (
        <>
          <rect
            className="value tint"
            x={x}
            y={room.height * (1 - share)}
            width={room.width}
            height={room.height * share}
          />
          <text className="number" x={x + room.width / 2} y={room.height / 2} dy="0.32em" textAnchor="middle">
            {text}
          </text>
        </>
      )}
    </g>
  );
}
