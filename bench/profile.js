import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const SOCKET_CALLS = /^(writev|write(Buffer|String|Utf8String|Latin1String|AsciiString)|readStart|shutdown)$/;
const LISTED = 12;

/** The part of the process that a function belongs to, in words. */
function partOf({ functionName, url }) {
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (functionName === '(program)') return 'unknown to the profiler';
  if (url === '') return SOCKET_CALLS.test(functionName) ? 'writing to sockets' : 'other native functions';
  if (url.startsWith('node:')) return 'modules of Node.js';
  return 'Rollcall and its libraries';
}

/**
 * Summarises the profiles in a directory as two Markdown tables: the shares of parts and of functions in the time in which
 * the process was busy.
 */
export function summarizeProfiles(directory) {
  const parts = new Map();
  const functions = new Map();
  let total = 0;
  const add = (sums, key, microseconds) => sums.set(key, (sums.get(key) ?? 0) + microseconds);
  for (const name of readdirSync(directory).filter((name) => name.endsWith('.cpuprofile'))) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(directory, name)));
    const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
    samples.forEach((id, index) => {
      const frame = frames.get(id);
      if (frame.functionName === '(idle)' || frame.functionName === '(root)') return;
      const microseconds = timeDeltas[index];
      total += microseconds;
      add(parts, partOf(frame), microseconds);
      add(functions, `\`${frame.functionName || 'anonymous'}\` ${basename(frame.url)}`.trim(), microseconds);
    });
  }
  const rows = (sums, count) =>
    [...sums]
      .sort(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([key, microseconds]) => `| ${key} | ${((100 * microseconds) / total).toFixed(1)} % |`);
  return [
    ...['| where | processor time |', '|---|---|', ...rows(parts)],
    ...['', '| function | processor time |', '|---|---|', ...rows(functions, LISTED)],
  ].join('\n');
}
