import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CliError } from '../errors.ts';

/** Runs systemctl. Returns its standard output. Throws `CliError` with what it said. */
export async function systemctl(...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)('systemctl', args)).stdout;
  } catch (error) {
    const { code, stderr = '' } = error as { code?: number | string; stderr?: string };
    if (code === 'ENOENT') throw new CliError('There is no systemctl: this machine has no systemd.');
    const said = stderr.trim().split('\n')[0] ?? '';
    throw new CliError(`systemctl ${args.join(' ')} failed: ${said || `exit code ${code}`}`);
  }
}
