import type { PositionRow } from '../store/floor/positions.ts';

/** The columns of the file of positions, which `rollcall import floor-positions` reads. */
export const POSITION_COLUMNS = [
  'nodeId',
  'kind',
  'name',
  'zoneName',
  'levelName',
  'locationName',
  'x',
  'y',
  'width',
  'height',
] as const satisfies (keyof PositionRow)[];
