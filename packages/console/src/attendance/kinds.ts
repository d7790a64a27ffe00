import type { MetricsRow } from '@rollcall/sdk';
import type { Series } from '../frame/charts/bar-chart.tsx';
import { texts } from '../texts.ts';

const { kinds } = texts.attendance;

/** How many people of each row came or had planned to come, by the kind of their attendance. For a stacked chart. */
export function seriesOfKinds(rows: readonly MetricsRow[]): Series[] {
  return [
    { name: kinds.confirmed, fill: 'solid', values: rows.map(({ confirmed }) => confirmed) },
    { name: kinds.walkIn, fill: 'hatched', values: rows.map(({ walkIn }) => walkIn) },
    { name: kinds.noShow, fill: 'dotted', values: rows.map(({ noShow }) => noShow) },
    { name: kinds.unconfirmed, fill: 'lined', values: rows.map(({ unconfirmed }) => unconfirmed) },
  ];
}
