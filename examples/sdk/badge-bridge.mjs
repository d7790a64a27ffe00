#!/usr/bin/env node
// Follows the log of a badge reader and submits each line that the reader adds, until you stop the script.
// Needs Node 20 or later and @rollcall/sdk.
//
//   node badge-bridge.mjs badges.csv LOCATION_ID [LOCATION_TYPE]
//
// A line is `instant,card`, such as `2026-03-10T09:00:00Z,0004711`. The server finds the user by the access card.
// The script starts at the beginning of the file each time. This is safe: the server stores each event once.
// With --once, the script stops at the end of the file.
// Set ROLLCALL_BASE_URL, ROLLCALL_API_KEY and ROLLCALL_SECRET to the address of the server and the key.
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rollcall } from '@rollcall/sdk';

const POLL_MS = 1000;
const args = process.argv.slice(2).filter((each) => each !== '--once');
const [path, locationId, locationType = 'location'] = args;
const once = process.argv.includes('--once');
if (!path || !locationId) {
  console.error('usage: badge-bridge.mjs [--once] FILE LOCATION_ID [LOCATION_TYPE]');
  process.exit(2);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

const rollcall = new Rollcall();
const file = await open(path);
let rest = '';
let lineNumber = 0;
try {
  while (!stop.signal.aborted) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(65_536), 0, 65_536);
    // Cards and instants are ASCII, so a read cannot split a character.
    const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split(/\r?\n/);
    // The last line may be incomplete.
    rest = lines.pop() ?? '';
    await submit(lines);
    if (bytesRead > 0) continue;
    if (once) break;
    await sleep(POLL_MS, undefined, { signal: stop.signal });
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
} finally {
  await file.close();
}

async function submit(lines) {
  const events = lines.flatMap((line) => {
    lineNumber++;
    const [timestamp, sourceUserId] = line.split(',').map((each) => each.trim());
    if (!timestamp || !sourceUserId) return [];
    // A line must have the same id at the next start, so that the server stores it once.
    return [{ eventId: `${lineNumber}`, timestamp, sourceUserId, locationId, locationType }];
  });
  if (events.length === 0) return;
  const { results, refused } = await rollcall.presence.submit(path, events, { signal: stop.signal });
  console.log(`${results.length - refused.length} stored, ${refused.length} refused`);
  for (const { item, result } of refused) console.error(`line ${item.eventId}: ${result.message}`);
}
