import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Language } from '../../src/frame/keys/first-lines.ts';

const PROGRAMS: Record<Exclude<Language, 'powershell'>, [program: string, ...before: string[]]> = {
  curl: ['bash', '-euc'],
  python: ['python3', '-c'],
  javascript: ['node', '--input-type=module', '-e'],
};

/** Runs lines as a user who pastes them. Returns the output. */
export async function runLines(language: keyof typeof PROGRAMS, lines: string): Promise<string> {
  const [program, ...before] = PROGRAMS[language];
  const { stdout } = await promisify(execFile)(program, [...before, lines]);
  return stdout;
}
