import { readdirSync, readFileSync } from 'node:fs';
import { residentMb } from '../processes.js';

const KB = 1_024;

/** Resident memory of a process in MB. Throws if the process has ended. */
export function residentMbOf(pid) {
  const mb = residentMb(pid);
  if (mb === undefined) throw new Error(`The process ${pid} has ended.`);
  return mb;
}

/** Memory of all processes of PostgreSQL in MB. What they share counts once. */
export async function postgresMb({ owner }) {
  const { rows } = await owner.inSystem((tx) => tx.query('SELECT pg_backend_pid() AS pid'));
  const first = parentOf(rows[0].pid);
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return [String(first), ...pids.filter((pid) => parentOf(pid) === first)].reduce(
    (sum, pid) => sum + shareMb(pid),
    0,
  );
}

/** The memory of a process in MB, with its part of the shared memory (`Pss`). 0 if it has ended. */
function shareMb(pid) {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / KB;
  } catch {
    return 0;
  }
}

function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name of the program, which may contain blanks.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
