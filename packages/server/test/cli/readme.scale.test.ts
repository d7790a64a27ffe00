import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { copyFile, readFile, stat, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until, Workspace } from './support.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

let work: Workspace;
beforeAll(async () => {
  work = await Workspace.create();
  // Stands for a clone: the commands find everything from the folder of package.json, and their files stay here.
  await copyFile(join(ROOT, 'package.json'), work.path('package.json'));
  for (const name of ['packages', 'node_modules']) await symlink(join(ROOT, name), work.path(name));
});
afterAll(() => work.close());

/** All commands of the section, as a user pastes them, block after block. */
async function pastedLines(): Promise<string> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const section = readme.split(/^## /m).find((text) => text.startsWith('Your own data\n')) ?? '';
  return [...section.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block).join('');
}

/** A free port that the system gives to no test that runs at the same time: it is below those of `listen(0)`. */
async function freePort(): Promise<number> {
  for (;;) {
    const probe = createServer();
    const port = randomInt(20_000, 30_000);
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => probe.close(resolve));
    if (isFree) return port;
  }
}

/** Runs lines until `done`, then interrupts all processes that they started, as Ctrl-C does. Returns the output. */
async function paste(lines: string, env: Record<string, string>, done: (stdout: string) => boolean) {
  const shell = spawn('bash', ['-euc', lines], {
    cwd: work.dir,
    env: { PATH: process.env.PATH ?? '', HOME: work.dir, ROLLCALL_JOBS: 'off', ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    shell[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const group = -(shell.pid ?? expect.fail('there is no bash'));
  try {
    await until(() => done(output.stdout) || shell.exitCode !== null, 300_000);
    return { ...output, exitCode: shell.exitCode };
  } finally {
    process.kill(group, 'SIGINT');
    await until(() => !isAlive(group)).finally(() => isAlive(group) && process.kill(group, 'SIGKILL'));
  }
}

function isAlive(group: number): boolean {
  try {
    return process.kill(group, 0);
  } catch {
    return false;
  }
}

test("the README's own data: every line works as pasted, and the event is stored, read back and shown", async () => {
  const lines = await pastedLines();
  // An interactive zsh has no comments, and an interactive bash uses ! for its history.
  expect(lines).not.toMatch(/^#|\s#|!/m);
  const { stdout, stderr, exitCode } = await paste(lines, { PORT: String(await freePort()) }, (printed) =>
    /stored {2}ada@example\.com at Harbour House/.test(printed),
  );
  // The last command runs until it is interrupted. No other one has failed.
  expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: null });

  const answers = stdout.split('\n').filter((line) => /^[[{]/.test(line));
  const [submitted, readBack] = answers.slice(-2).map((line) => JSON.parse(line) as unknown);
  expect(submitted).toMatchObject({ results: [{ eventId: '1', resultCode: 0 }] });
  expect(readBack).toEqual([
    expect.objectContaining({ sourceId: 'north door', eventId: '1', locationName: 'Harbour House' }),
  ]);
  expect(stderr).toContain('Nothing was refused.');
  for (const name of ['submit.curl', 'read.curl']) {
    const file = work.path(`acme/${name}`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const [, secret = ''] = /:([^"]+)"/.exec(await readFile(file, 'utf8')) ?? [];
    expect(secret).not.toBe('');
    expect(stdout + stderr).not.toContain(secret);
  }
  expect(await readFile(work.path('acme/serve.log'), 'utf8')).toContain('Rollcall is at ');
});
