import { systemctl } from './systemd.ts';
import { SERVICE } from './unit.ts';

/** The state of the service, as systemd tells it. */
export interface ServiceStatus {
  /** systemd's words: `active`, `inactive`, `failed`, `activating` and so on; `not-installed` if there is no unit. */
  state: string;
  /** Whether it starts with the machine. */
  enabled: boolean;
  /** The main process; null if it does not run. */
  pid: number | null;
  /** How many times systemd has started it again after a failure. */
  restarts: number;
  /** Memory of all its processes in bytes, the embedded PostgreSQL included; null if it does not run. */
  memoryBytes: number | null;
}

/** Throws `CliError` if systemd does not run here. */
export async function serviceStatus(): Promise<ServiceStatus> {
  const names = ['LoadState', 'ActiveState', 'UnitFileState', 'MainPID', 'NRestarts', 'MemoryCurrent'];
  const output = await systemctl('show', SERVICE, `--property=${names.join(',')}`);
  const values = new Map(
    output
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s, 2) as [string, string]),
  );
  const number = (name: string) => (/^\d+$/.test(values.get(name) ?? '') ? Number(values.get(name)) : null);
  return {
    state:
      values.get('LoadState') === 'not-found' ? 'not-installed' : (values.get('ActiveState') ?? 'unknown'),
    enabled: values.get('UnitFileState') === 'enabled',
    pid: number('MainPID') || null,
    restarts: number('NRestarts') ?? 0,
    memoryBytes: number('MemoryCurrent'),
  };
}
