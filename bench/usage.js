import { readFileSync, writeSync } from 'node:fs';

/*
 * Preloaded into a command. When the process ends, it writes its processor time and its maximum resident memory to file
 * descriptor 3.
 */

process.once('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const used = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMb: (peakKb() ?? maxRSS) / 1_024 };
  writeSync(3, JSON.stringify(used));
});

/** On Linux, `maxRSS` is also at least the memory of the process that started this one. */
function peakKb() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return undefined;
  }
}
