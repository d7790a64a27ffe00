import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LogFileOptions, openLogFile } from '../src/http/log-file.ts';
import { until } from './support/waiting.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rollcall-log-'));
  path = join(dir, 'rollcall.log');
  // The log file looks at its size on this clock.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(dir, { recursive: true });
});

const failures: Error[] = [];
function open(options: Partial<LogFileOptions> = {}) {
  return openLogFile({
    path,
    mostBytes: 1_000,
    kept: 2,
    rotates: true,
    buffering: { minLength: 0, periodicFlush: 100 },
    onFailure: (error) => failures.push(error),
    ...options,
  });
}

const names = () => readdirSync(dir).sort();
const textOf = (name: string) => readFileSync(join(dir, name), 'utf8');
const modeOf = (name: string) => statSync(join(dir, name)).mode & 0o777;
/** Lets the log file look at its size, and waits for a state that follows. */
async function look(state: () => boolean): Promise<void> {
  vi.advanceTimersByTime(1_000);
  await until(state);
}

describe('A log file', () => {
  test('goes on after the lines of an earlier server, and only its user can read it', async () => {
    writeFileSync(path, 'earlier\n');
    chmodSync(path, 0o644);
    const log = await open();
    log.write('later\n');
    await until(() => textOf('rollcall.log') === 'earlier\nlater\n');
    expect(modeOf('rollcall.log')).toBe(0o600);
  });

  test('gets the next number when it is full, and the oldest file goes', async () => {
    const log = await open();
    for (let number = 1; number <= 4; number++) {
      const line = `${String(number).repeat(1_000)}\n`;
      log.write(line);
      await until(() => textOf('rollcall.log') === line);
      await look(() => statSync(path, { throwIfNoEntry: false })?.size === 0);
    }
    expect(names()).toEqual(['rollcall.log', 'rollcall.log.1', 'rollcall.log.2']);
    expect([textOf('rollcall.log.1')[0], textOf('rollcall.log.2')[0]]).toEqual(['4', '3']);
    for (const name of names()) expect(modeOf(name)).toBe(0o600);
  });

  test('of a process that does not rotate follows the one that does', async () => {
    const log = await open({ rotates: false });
    log.write(`${'x'.repeat(2_000)}\n`);
    await until(() => statSync(path).size > 2_000);
    renameSync(path, `${path}.1`);
    await look(() => names().includes('rollcall.log'));
    log.write('next\n');
    await until(() => textOf('rollcall.log') === 'next\n');
  });

  test('that cannot be opened is an error', async () => {
    await expect(open({ path: join(dir, 'none', 'rollcall.log') })).rejects.toThrow('ENOENT');
  });
});

describe('The last lines', () => {
  const modules = ['http/log-file.js', 'http/logging.js'].map((file) =>
    JSON.stringify(fileURLToPath(new URL(`../dist/${file}`, import.meta.url))),
  );
  const run = (end: string) =>
    spawnSync(process.execPath, [
      '--input-type=module',
      '-e',
      `import { openLogFile } from ${modules[0]};
       import { BUFFERING, createLogger } from ${modules[1]};
       const file = await openLogFile({ path: ${JSON.stringify(path)}, mostBytes: 1e9, kept: 1, rotates: true, buffering: BUFFERING, onFailure() {} });
       const log = createLogger('info', file);
       for (let line = 1; line <= 1000; line++) log.info({ line }, 'a line');
       ${end}`,
    ]);

  test.each([
    ['a fatal error', "setImmediate(() => { throw new Error('fatal'); });", 1],
    ['process.exit', 'process.exit(3);', 3],
    ['an ordinary end', '', 0],
  ])('are written at %s', (_name, end, code) => {
    expect(run(end).status).toBe(code);
    const lines = textOf('rollcall.log').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => index + 1),
    );
  });
});
