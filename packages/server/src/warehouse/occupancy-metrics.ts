import { daysOf } from '../http/window.ts';
import { readOccupancyHours } from '../store/warehouse/occupancy-hours.ts';
import type { DatasetReader } from '../store/warehouse/query.ts';

/** Day by day, as the database puts each together. */
export const readOccupancyMetrics: DatasetReader = async function* (tx, query) {
  const { tenantId, window, locationIds, now } = query;
  for (const day of daysOf(window)) yield* readOccupancyHours(tx, tenantId, day, locationIds, now);
};
