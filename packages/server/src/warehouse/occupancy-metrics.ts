import { daysOf } from '../store/values/days.ts';
import { readOccupancyHours } from '../store/warehouse/occupancy-hours.ts';
import type { DatasetReader } from '../store/warehouse/query.ts';

/** Reads day by day; the database computes the hours of each day. */
export const readOccupancyMetrics: DatasetReader = async function* (tx, query) {
  const { tenantId, window, locationIds, now } = query;
  for (const day of daysOf(window)) yield* readOccupancyHours(tx, tenantId, day, locationIds, now);
};
