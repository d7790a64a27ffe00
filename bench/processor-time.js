import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time for programs in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** The processor time of a process so far, in seconds. Undefined if the system does not tell it: only Linux does. */
export function processorSeconds(pid) {
  return statOf(pid)?.ownSeconds;
}

/**
 * The processor time of all processes of a PostgreSQL server so far, in seconds. The first process counts its ended
 * children.
 *
 * @param {number} backend the process id of one of its connections
 * @returns {number | undefined} undefined if the system does not tell it, or the server is on another machine
 */
export function processorSecondsOfPostgres(backend) {
  const first = statOf(backend)?.parent;
  const parent = first === undefined ? undefined : statOf(first);
  if (parent === undefined) return undefined;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statOf)
    .filter((stat) => stat?.parent === first);
  return children.reduce((sum, { ownSeconds }) => sum + ownSeconds, parent.ownSeconds + parent.endedSeconds);
}

function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name, which may contain blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const seconds = (from) => (Number(fields[from]) + Number(fields[from + 1])) / TICKS_PER_SECOND;
    return { parent: Number(fields[1]), ownSeconds: seconds(11), endedSeconds: seconds(13) };
  } catch {
    return undefined;
  }
}
