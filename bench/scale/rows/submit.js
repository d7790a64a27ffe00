import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { eventSource } from '../../load/events.js';
import { runRollcall } from '../../processes.js';
import { processorSeconds } from '../../processor-time.js';
import { maximum, pickedLine } from '../../rows/common.js';
import { batches } from '../../rows/presence.js';
import { inTurn } from '../../statistics.js';

const BATCH = 100;
const COLUMNS = ['eventId', 'timestamp', 'locationType', 'locationId', 'userEmail'];

/** `rollcall submit presence` of a large file, against the same events in batches, as the row `presence` sends them. */
export async function submit(context) {
  const { size, server, dir } = context;
  const rows = Math.max(1_000, 3 * size.people);
  const file = join(dir, 'presence.csv');
  // Then the server knows the people, and has run for some seconds.
  await batches(context, server);
  const { ours, theirs } = await inTurn(
    context.runs,
    { ours: () => submitFile(context, file, rows), theirs: () => sendBatches(context) },
    context.progress,
  );
  const what = `\`rollcall submit presence\` of ${rows.toLocaleString('en')} rows of CSV`;
  const against = 'batches of 100 events, 16 connections';
  const line = (label, unit, pick, goal) =>
    pickedLine({
      row: 'submit',
      what: `${what}${label}`,
      unit,
      ours,
      against,
      theirs,
      pick,
      ...goal,
    });
  return [
    line('', 'rows/s', ({ perSecond }) => perSecond, { least: 0.7 }),
    ...(ours.every(({ serverMicros }) => serverMicros !== undefined)
      ? [line(', processor time of the server for a row', 'µs', ({ serverMicros }) => serverMicros)]
      : []),
    maximum({
      row: 'submit',
      what: `${what}, processor time of the command for a row`,
      unit: 'µs',
      values: ours.map(({ commandMicros }) => commandMicros),
    }),
    maximum({
      row: 'submit',
      what: `${what}, most resident memory of the command`,
      unit: 'MB',
      values: ours.map(({ peakMb }) => peakMb),
    }),
  ];
}

/** Submits new events into an empty table. Throws if the database lacks one of them. */
async function submitFile({ environment, server }, file, rows) {
  const { keys, organisations } = environment.data;
  const nextEvent = eventSource(organisations);
  await pipeline(Readable.from(lines(rows, nextEvent)), createWriteStream(file));
  await environment.removeEvents();
  const began = processorSeconds(server.pid);
  const { host, port } = server.address;
  const used = await runRollcall(['submit', 'presence', file, '--time-zone', 'UTC'], {
    ROLLCALL_BASE_URL: `http://${host}:${port}`,
    ROLLCALL_API_KEY: keys[0].apiKey,
    ROLLCALL_SECRET: keys[0].secret,
  });
  const serverSeconds = processorSeconds(server.pid) - began;
  const stored = await environment.countEvents();
  if (stored !== rows)
    throw new Error(`${stored} of ${rows} events are stored. The command said: ${used.said}`);
  await rm(file);
  return {
    perSecond: rows / used.seconds,
    serverMicros: microsOf(serverSeconds, rows),
    commandMicros: microsOf(used.cpuSeconds, rows),
    peakMb: used.peakMb,
  };
}

function* lines(count, nextEvent) {
  yield `${COLUMNS.join(',')}\n`;
  for (let index = 0; index < count; index++) {
    const { eventId, timestamp, user, desk } = nextEvent(0);
    yield `${eventId},${timestamp},place,${desk.nodeId},${user.email}\n`;
  }
}

async function sendBatches(context) {
  const { pid } = context.server;
  const began = processorSeconds(pid);
  const { perSecond, completed } = await batches(context, context.server);
  return {
    perSecond: perSecond * BATCH,
    serverMicros: microsOf(processorSeconds(pid) - began, completed * BATCH),
  };
}

/** Undefined if the system does not tell the processor time. */
function microsOf(seconds, rows) {
  return Number.isNaN(seconds) ? undefined : (seconds / rows) * 1e6;
}
