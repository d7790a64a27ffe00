import { useElementSize } from '@mantine/hooks';
import { useId } from 'react';
import { ChartFigure, type Cursor } from './figure.tsx';
import { type Fill, Patterns, Swatch } from './patterns.tsx';
import { labelStep, marksOf } from './scale.ts';

/** Numbers of one kind: one for each category, null where there is none. */
export interface Series {
  name: string;
  fill: Fill;
  values: readonly (number | null)[];
}

export interface BarChartProps {
  title: string;
  /** The header of the table's first column. */
  categoryName: string;
  categories: readonly { key: string; label: string }[];
  series: readonly Series[];
  /** `stacked` puts series onto each other. `overlaid` draws each over the one before, and narrower. */
  arrangement: 'stacked' | 'overlaid';
  /** A number that all categories have in common. */
  reference?: { name: string; value: number | null };
  format: (value: number | null) => string;
}

const HEIGHT = 220;
const MARGIN = { top: 8, right: 8, bottom: 24, left: 44 };
const INNER_HEIGHT = HEIGHT - MARGIN.top - MARGIN.bottom;
const LABEL_WIDTH = 84;
const LETTER_WIDTH = 6;

/** Bars by category. */
export function BarChart(props: BarChartProps) {
  const { title, categoryName, categories, series, arrangement, reference, format } = props;
  const { ref, width } = useElementSize();
  const id = useId();
  const innerWidth = Math.max(width - MARGIN.left - MARGIN.right, 0);
  const greatest = Math.max(
    reference?.value ?? 0,
    ...categories.map((_, index) => heightOf(series, index, arrangement)),
  );
  const marks = marksOf(greatest);
  const end = marks.at(-1) ?? 1;
  const y = (value: number) => MARGIN.top + INNER_HEIGHT * (1 - value / end);
  const band = innerWidth / Math.max(categories.length, 1);
  const step = labelStep(categories.length, innerWidth, LABEL_WIDTH);
  const drawn = (label: string) => shortened(label, Math.floor((band * step) / LETTER_WIDTH));
  const describe = ({ column }: Cursor) =>
    [
      categories[column]?.label,
      ...series.map(({ name, values }) => `${name} ${format(values[column] ?? null)}`),
      ...(reference ? [`${reference.name} ${format(reference.value)}`] : []),
    ].join(' · ');
  return (
    <ChartFigure
      title={title}
      columns={categories.length}
      describe={describe}
      numbers={{
        columns: [categoryName, ...series.map(({ name }) => name), ...(reference ? [reference.name] : [])],
        rows: categories.map(({ key, label }, index) => ({
          key,
          cells: [
            label,
            ...series.map(({ values }) => format(values[index] ?? null)),
            ...(reference ? [format(reference.value)] : []),
          ],
        })),
      }}
      legend={<Legend series={series} {...(reference ? { line: reference.name } : {})} />}
    >
      {(cursor, moveTo) => (
        <div ref={ref}>
          <svg width={width} height={HEIGHT} aria-hidden="true" focusable="false">
            <Patterns id={id} />
            {marks.map((mark) => (
              <g key={mark}>
                <line className="grid" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(mark)} y2={y(mark)} />
                <text className="mark" x={MARGIN.left - 6} y={y(mark)} dy="0.32em" textAnchor="end">
                  {format(mark)}
                </text>
              </g>
            ))}
            {categories.map(({ key, label }, index) => (
              <g
                key={key}
                transform={`translate(${MARGIN.left + index * band} 0)`}
                onPointerEnter={() => moveTo({ column: index, row: 0 })}
              >
                <rect
                  className={cursor?.column === index ? 'band here' : 'band'}
                  y={MARGIN.top}
                  width={band}
                  height={INNER_HEIGHT}
                />
                {barsOf(series, index, arrangement).map(({ name, fill, from, to, share }) => (
                  <rect
                    key={name}
                    className={`bar ${fill}`}
                    fill={`url(#${id}-${fill})`}
                    x={(band * (1 - share)) / 2}
                    width={band * share}
                    y={y(to)}
                    height={Math.max(y(from) - y(to), 0)}
                  />
                ))}
                {index % step === 0 && (
                  <text className="mark" x={band / 2} y={HEIGHT - 8} textAnchor="middle">
                    {drawn(label)}
                  </text>
                )}
              </g>
            ))}
            {reference?.value != null && (
              <line
                className="reference"
                x1={MARGIN.left}
                x2={width - MARGIN.right}
                y1={y(reference.value)}
                y2={y(reference.value)}
              />
            )}
          </svg>
        </div>
      )}
    </ChartFigure>
  );
}

/** The beginning of a label that is too long for its place. */
function shortened(label: string, most: number): string {
  return label.length > most ? `${label.slice(0, Math.max(most - 1, 1))}…` : label;
}

interface Bar {
  name: string;
  fill: Fill;
  from: number;
  to: number;
  /** The width, as a share of the band. */
  share: number;
}

function barsOf(series: readonly Series[], index: number, arrangement: BarChartProps['arrangement']): Bar[] {
  let from = 0;
  return series.map(({ name, fill, values }, order) => {
    const value = values[index] ?? 0;
    if (arrangement === 'overlaid') return { name, fill, from: 0, to: value, share: 0.8 / (order + 1) };
    const bar = { name, fill, from, to: from + value, share: 0.8 };
    from = bar.to;
    return bar;
  });
}

function heightOf(
  series: readonly Series[],
  index: number,
  arrangement: BarChartProps['arrangement'],
): number {
  return Math.max(0, ...barsOf(series, index, arrangement).map(({ to }) => to));
}

function Legend({ series, line }: { series: readonly Series[]; line?: string }) {
  return (
    <ul className="legend" aria-hidden="true">
      {series.map(({ name, fill }) => (
        <li key={name}>
          <Swatch fill={fill} /> {name}
        </li>
      ))}
      {line !== undefined && (
        <li>
          <Swatch fill="line" /> {line}
        </li>
      )}
    </ul>
  );
}
