import { POSITION_COLUMNS } from '../../floor/position-file.ts';

/** A row for each published plan, with the columns of `PLAN_COLUMNS`. */
export const PLANS_FILE = 'floor-plans.csv';
/** The places on these plans, as `rollcall import floor-positions` reads them. */
export const POSITIONS_FILE = 'floor-positions.csv';
/** The folder of the images that the plans name. */
export const IMAGES_FOLDER = 'images';

/** Names identify levels and places, so that a folder can move to another organisation. */
export const PLAN_COLUMNS = ['locationName', 'levelName', 'image', 'aspectRatio'] as const;
export type PlanColumn = (typeof PLAN_COLUMNS)[number];
export const NAMED_POSITION_COLUMNS = POSITION_COLUMNS.filter((column) => column !== 'nodeId');
