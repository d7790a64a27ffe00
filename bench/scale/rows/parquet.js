import { basicAuthorization, readToEnd } from '../../export/reader.js';
import { processorSeconds } from '../../processor-time.js';
import { pickedLine } from '../../rows/common.js';
import { inTurn } from '../../statistics.js';
import { DAYS, FIRST_DAY, LAST_DAY, storePresence } from '../dataset.js';

/** Presence of 30 days as Parquet, against NDJSON of the same rows. */
export async function parquet(context) {
  const { environment, size } = context;
  context.progress(`storing presence events of ${DAYS} days`);
  await environment.removeEvents();
  const rows = await storePresence(environment, size);
  await environment.vacuum();
  const { ours, theirs } = await inTurn(
    context.runs,
    { ours: () => read(context, 'parquet', rows), theirs: () => read(context, 'ndjson', rows) },
    context.progress,
  );
  const line = (label, unit, pick, goal) =>
    pickedLine({
      row: 'parquet',
      what: `presence of ${DAYS} days as Parquet, ${rows.toLocaleString('en')} rows, ${label}`,
      unit,
      ours,
      against: 'NDJSON of the same',
      theirs,
      pick,
      ...goal,
    });
  return [
    line('time', 's', ({ seconds }) => seconds, { most: 1.2 }),
    ...(ours.every(({ serverMicros }) => !Number.isNaN(serverMicros))
      ? [line('processor time of the server for a row', 'µs', ({ serverMicros }) => serverMicros)]
      : []),
  ];
}

async function read({ environment, server }, format, rows) {
  const path = `/v1/analytics/presence/basic?format=${format}&startDate=${FIRST_DAY}&endDate=${LAST_DAY}`;
  const began = processorSeconds(server.pid);
  const startedMs = performance.now();
  await readToEnd(server.address, path, basicAuthorization(environment.data.key));
  const seconds = (performance.now() - startedMs) / 1_000;
  return { seconds, serverMicros: ((processorSeconds(server.pid) - began) / rows) * 1e6 };
}
