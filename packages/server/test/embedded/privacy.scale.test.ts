import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { directoryPermissionFault, filePermissionFault } from '../../src/embedded/file-permissions.ts';
import { EmbeddedServerError, joinEmbedded } from '../../src/embedded/index.ts';
import { Bench, command, isRoot, ORDINARY_USER, ordinaryUserCanRun, serverPid } from './support.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.clear());

/** The error of a join. Asserts that no server was started. */
async function refusal(dataDir: string): Promise<string> {
  const error = await joinEmbedded(command(dataDir)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EmbeddedServerError);
  expect(await serverPid(join(dataDir, 'postgres'))).toBeUndefined();
  return (error as Error).message;
}

test('an open data directory is refused, and the command in the message closes it', async () => {
  const dataDir = await bench.dataDir();
  await chmod(dataDir, 0o755);
  const said = await refusal(dataDir);
  expect(said).toBe(
    `The data directory ${dataDir} is open to other users of this machine (mode 0755); run "chmod go-rw ${dataDir}".`,
  );
  execFileSync('sh', ['-c', /run "(.*)"\./.exec(said)?.[1] ?? '']);
  await (await joinEmbedded(command(dataDir))).release();
});

test('a directory with other content is refused, whatever its mode, and is not changed', async () => {
  const dir = await bench.dir();
  await writeFile(join(dir, 'letters.txt'), '');
  for (const mode of [0o755, 0o700]) {
    await chmod(dir, mode);
    expect(await refusal(dir)).toBe(
      `The directory ${dir} is not a data directory of Rollcall, and it is not empty; choose another path.`,
    );
  }
  expect(await readdir(dir)).toEqual(['letters.txt']);
});

test('an empty directory becomes a data directory, and so does an empty file system', async () => {
  const dataDir = await bench.dir();
  await mkdir(join(dataDir, 'lost+found'));
  await (await joinEmbedded(command(dataDir))).release();
  expect(await readdir(dataDir)).toContain('postgres.secret');
});

test.each([0o750, 0o720, 0o704, 0o702])(
  'a directory with mode %o is open, and one with 711 is not',
  async (mode) => {
    const dir = await bench.dir();
    expect(await directoryPermissionFault('It', dir, [])).toBeUndefined();
    await chmod(dir, mode);
    expect(await directoryPermissionFault('It', dir, [])).toContain(`(mode 0${mode.toString(8)})`);
  },
);

test('an open data directory is refused through a symbolic link, too', async () => {
  const dataDir = await bench.dataDir();
  const link = join(await bench.dir(), 'link');
  await symlink(dataDir, link);
  await chmod(dataDir, 0o755);
  expect(await refusal(link)).toContain(`chmod go-rw ${dataDir}`);
});

test('a new data directory is closed to others, with any umask', async () => {
  const dataDir = join(await bench.dir(), 'data');
  const child = bench.child({ dataDir, umask: 0o002 });
  await child.report('joined');
  expect((await stat(dataDir)).mode & 0o067).toBe(0);
  await child.release();
});

test('a password file that others may read is refused', async () => {
  const dataDir = await bench.dataDir();
  const file = join(dataDir, 'postgres.secret');
  await chmod(file, 0o640);
  expect(await refusal(dataDir)).toContain(`run "chmod 600 ${file}".`);
});

test.runIf(isRoot)("another user's data directory is refused, also for root", async () => {
  const dataDir = await bench.dataDir();
  await chown(dataDir, ORDINARY_USER.uid, ORDINARY_USER.gid);
  const said = await refusal(dataDir);
  expect(said).toContain(`belongs to another user of this machine (uid ${ORDINARY_USER.uid})`);
  expect(said).toContain(`chown 0 ${dataDir}`);
});

test.runIf(isRoot)('root may use files that belong to the owner of the database', async () => {
  const dataDir = await bench.dataDir();
  const { uid, gid } = ORDINARY_USER;
  const file = join(dataDir, 'postgres.secret');
  for (const path of [dataDir, file]) await chown(path, uid, gid);
  expect(await directoryPermissionFault('It', dataDir, [uid])).toBeUndefined();
  expect(await directoryPermissionFault('It', dataDir, [])).toContain('belongs to another user');
  expect(await filePermissionFault('It', file, [uid])).toBeUndefined();
  expect(await filePermissionFault('It', file)).toContain('belongs to another user');
});

test.runIf(isRoot && ordinaryUserCanRun)(
  'a file of root may be readable by the group of an ordinary user, but not by others',
  async () => {
    const file = join(await bench.dir(), 'key');
    await writeFile(file, 'secret');
    const module = new URL('../../dist/embedded/file-permissions.js', import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then(async (m) => console.log(await m.filePermissionFault('It', ${JSON.stringify(file)})))`;
    const said = async (mode: number) => {
      await chmod(file, mode);
      return execFileSync(process.execPath, ['-e', script], { ...ORDINARY_USER, cwd: '/' }).toString();
    };
    expect(await said(0o440)).toBe('undefined\n');
    expect(await said(0o444)).toContain(`run "chmod g-wx,o-rwx ${file}"`);
    expect(await said(0o460)).toContain('mode 0460');
  },
);

test('a start that fails after PostgreSQL runs stops PostgreSQL, and does not block the next start', async () => {
  const dataDir = await bench.dataDir();
  const secret = join(dataDir, 'postgres.secret');
  const right = await readFile(secret);
  await writeFile(secret, `${'x'.repeat(43)}\n`);
  expect(await refusal(dataDir)).toContain('does not match the database beside it');
  await writeFile(secret, right);
  await (await joinEmbedded(command(dataDir))).release();
});
