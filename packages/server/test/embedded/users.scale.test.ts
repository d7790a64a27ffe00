import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findPostgresPackage } from '../../src/embedded/binaries.ts';
import { EmbeddedServerError, joinEmbedded } from '../../src/embedded/index.ts';
import { Bench, isRoot, ORDINARY_USER, ordinaryUserCanRun, query, serverPid } from './support.ts';

const execute = promisify(execFile);

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.clear());

const command = (dataDir: string) => ({ dataDir, purpose: 'command' as const, name: 'test' });

async function copyOfPackage(into: string): Promise<string> {
  const { root } = await findPostgresPackage();
  const copy = join(into, 'package');
  await execute('cp', ['-a', root, copy]);
  return copy;
}

/** As npm with --ignore-scripts leaves the package. */
async function removeSymlinks(root: string): Promise<string[]> {
  const links = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8'));
  const targets = links.map(({ target }: { target: string }) => join(root, target));
  for (const target of targets) await unlink(target);
  return targets;
}

const stagedIn = (dir: string) => readdirSync(dir).filter((name) => name.startsWith('postgresql-18'));

describe.runIf(isRoot && process.platform === 'linux')('as root', () => {
  test('the server runs as an unprivileged user, with its cluster in the data directory', async () => {
    const dataDir = join(await bench.dir(), 'data');
    const server = await joinEmbedded(command(dataDir));
    const pid = await serverPid(join(dataDir, 'postgres'));
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const uids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/).map(Number);
    expect(new Set(uids)).toEqual(new Set([statSync(join(dataDir, 'postgres')).uid]));
    expect(uids?.[0]).not.toBe(0);
    expect(/^Groups:[ \t]*(.*)$/m.exec(status)?.[1]?.trim()).toBe('');
    expect((await lstat(join(dataDir, 'postgres'))).isDirectory()).toBe(true);
    expect(statSync(join(dataDir, 'postgres.secret')).uid).toBe(0);
    await server.release();
  });

  test('in a private home, programs and cluster go to a directory that the user can reach', async () => {
    const home = await bench.dir(0o700);
    const systemDir = join(await bench.dir(0o755), 'system');
    const packageRoot = await copyOfPackage(home);
    const dataDir = join(home, 'my data');
    const around = { systemDir, packageRoot };
    // A strict umask must not lock the user out, and two processes may stage at the same time.
    const others = [1, 2].map(() => bench.child({ dataDir, around, umask: 0o077 }));
    const elsewhere = bench.child({ dataDir: join(home, 'other'), around, umask: 0 });
    for (const child of [...others, elsewhere]) await child.report('joined');
    const cluster = realpathSync(join(dataDir, 'postgres'));
    expect(cluster).toMatch(new RegExp(`^${systemDir}/mydata-[0-9a-f]{12}$`));
    expect(realpathSync(join(home, 'other/postgres'))).not.toBe(cluster);
    const pid = await serverPid(cluster);
    const [staged, ...more] = stagedIn(systemDir);
    expect(more).toEqual([]);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain(join(systemDir, String(staged)));
    for (const entry of readdirSync(join(systemDir, String(staged)), { recursive: true })) {
      const path = join(systemDir, String(staged), String(entry));
      const found = await lstat(path);
      const openTo = found.isSymbolicLink() ? 0 : found.mode & 0o022;
      expect([path, found.uid, openTo]).toEqual([path, 0, 0]);
      expect(path).not.toMatch(/\.a$|pkgconfig/);
    }
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDir, 'postgres.secret')).mode & 0o777).toBe(0o600);
    for (const child of [...others, elsewhere]) await child.release();
    expect(await serverPid(cluster)).toBeUndefined();
    expect(readdirSync(systemDir).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('a cluster outside its data directory belongs to that directory only', async () => {
    const home = await bench.dir(0o700);
    const around = { systemDir: await bench.dir(0o755) };
    const dataDir = join(home, 'data');
    const first = await joinEmbedded(command(dataDir), around);
    await query(first.target, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.release();

    const copy = join(home, 'copy');
    await execute('cp', ['-a', dataDir, copy]);
    await expect(joinEmbedded(command(copy), around)).rejects.toThrow(/is a copy of .*\.$/);

    const moved = join(home, 'moved');
    await rename(dataDir, moved);
    const second = await joinEmbedded(command(moved), around);
    expect(await query(second.target, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await second.release();

    const cluster = realpathSync(join(moved, 'postgres'));
    await rename(cluster, `${cluster}.away`);
    const lost = await joinEmbedded(command(moved), around).catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(EmbeddedServerError);
    expect(String(lost)).toContain('which is gone');
  });

  test('a deleted data directory starts empty, and the former outside cluster is set aside', async () => {
    const home = await bench.dir(0o700);
    const around = { systemDir: await bench.dir(0o755) };
    const dataDir = join(home, 'data');
    const child = bench.child({ dataDir, around });
    await child.report('joined');
    await child.kill('SIGKILL');
    await rm(dataDir, { recursive: true });
    const server = await joinEmbedded(command(dataDir), around);
    expect(server.created).toBe(true);
    expect(readdirSync(around.systemDir).filter((name) => name.includes('.set-aside-'))).toHaveLength(1);
    await server.release();
    // Killed between the creation of the cluster and the link to it.
    await unlink(join(dataDir, 'postgres'));
    const again = await joinEmbedded(command(dataDir), around);
    expect(again.created).toBe(false);
    await again.release();
  });

  test('a cluster directory that others can change is refused', async () => {
    const home = await bench.dir(0o700);
    const systemDir = await bench.dir(0o777);
    await expect(joinEmbedded(command(join(home, 'data')), { systemDir })).rejects.toThrow(
      'writable by root only',
    );
  });

  test('programs without their symbolic links are staged', async () => {
    const packageRoot = await copyOfPackage(await bench.dir(0o755));
    const [link] = await removeSymlinks(packageRoot);
    const systemDir = await bench.dir(0o755);
    const server = await joinEmbedded(command(join(await bench.dir(), 'data')), { systemDir, packageRoot });
    expect(stagedIn(systemDir)).toHaveLength(1);
    expect(existsSync(String(link))).toBe(false);
    await server.release();
  });

  test('a missing system user is created, also by several processes at once', async () => {
    const name = `rctest${process.pid}`;
    try {
      const around = { userNames: [name] as [string] };
      const servers = await Promise.all(
        [1, 2].map(async () => joinEmbedded(command(join(await bench.dir(), 'data')), around)),
      );
      const { stdout } = await execute('id', ['-u', name]);
      for (const server of servers) {
        expect(statSync(String(server.target.host)).uid).toBe(Number(stdout));
        await server.release();
      }
    } finally {
      await execute('userdel', [name]);
    }
    const names = ['no such user!'] as [string];
    await expect(
      joinEmbedded(command(join(await bench.dir(), 'data')), { userNames: names }),
    ).rejects.toThrow(/refuses to run as root.*\.$/);
  });

  test.runIf(ordinaryUserCanRun)("an ordinary user's data directory still belongs to that user", async () => {
    const dataDir = join(await bench.dir(0o711, ORDINARY_USER), 'data');
    const first = bench.child({ dataDir }, ORDINARY_USER);
    await first.report('joined');
    await first.query('CREATE TABLE kept AS SELECT 7 AS n');
    await first.release();
    await chmod(dataDir, 0o711);
    const byRoot = await joinEmbedded(command(dataDir));
    expect(await query(byRoot.target, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    const meanwhile = bench.child({ dataDir }, ORDINARY_USER);
    await meanwhile.report('joined');
    await byRoot.release();
    await meanwhile.release();
    const again = bench.child({ dataDir }, ORDINARY_USER);
    await again.report('joined');
    await again.release();
    expect(await serverPid(join(dataDir, 'postgres'))).toBeUndefined();
  });
});

describe.runIf(ordinaryUserCanRun)('as an ordinary user', () => {
  const as = isRoot ? ORDINARY_USER : {};
  const owner = isRoot ? ORDINARY_USER : undefined;

  test('everything is private to the user', async () => {
    const dataDir = join(await bench.dir(0o700, owner), 'data');
    const child = bench.child({ dataDir, purpose: 'serve', umask: 0 }, as);
    expect((await child.report('joined')).created).toBe(true);
    const own = statSync(dataDir).uid;
    expect(own).not.toBe(0);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(dataDir)) {
      const { uid, mode } = await lstat(join(dataDir, name));
      expect([name, uid, mode & 0o077]).toEqual([name, own, 0]);
    }
    expect(await child.query("SELECT 'yes' AS works")).toEqual([{ works: 'yes' }]);
    await child.release();
    expect(await serverPid(join(dataDir, 'postgres'))).toBeUndefined();
  });

  test('programs without their symbolic links get them in place, or are staged if that is forbidden', async () => {
    const dir = await bench.dir(0o711, owner);
    const packageRoot = await copyOfPackage(dir);
    const [link] = await removeSymlinks(packageRoot);
    await chmod(join(packageRoot, 'native/lib'), 0o555);
    const dataDir = join(dir, 'data');
    const staging = bench.child({ dataDir, around: { packageRoot } }, as);
    await staging.report('joined');
    expect(stagedIn(dataDir)).toHaveLength(1);
    expect(existsSync(String(link))).toBe(false);
    await staging.release();

    await chmod(join(packageRoot, 'native/lib'), 0o755);
    if (owner !== undefined) await chown(join(packageRoot, 'native/lib'), owner.uid, owner.gid);
    const inPlace = bench.child({ dataDir: join(dir, 'data2'), around: { packageRoot } }, as);
    await inPlace.report('joined');
    expect((await lstat(String(link))).isSymbolicLink()).toBe(true);
    await inPlace.release();
  });

  test.runIf(isRoot)("another user's data directory is refused in one sentence", async () => {
    const dir = await bench.dir(0o711);
    const dataDir = join(dir, 'data');
    await (await joinEmbedded(command(dataDir))).release();
    await chmod(dataDir, 0o777);
    const child = bench.child({ dataDir }, as);
    const { name, message } = await child.report('failed');
    expect(name).toBe('EmbeddedServerError');
    expect(message).toContain('belongs to another user');
  });

  test.runIf(isRoot && process.platform === 'linux')(
    'a full disk is reported in one sentence',
    async ({ skip }) => {
      const dir = await bench.dir(0o700, owner);
      const dataDir = join(dir, 'data');
      await mkdir(dataDir, { mode: 0o700 });
      const mount = execute('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', dataDir]);
      if (!(await mount.then(() => true).catch(() => false))) skip('mounting is forbidden here');
      try {
        await chown(dataDir, ORDINARY_USER.uid, ORDINARY_USER.gid);
        const child = bench.child({ dataDir }, as);
        const { message } = await child.report('failed');
        expect(message).toMatch(/^The database in \S+ could not be created: .*No space left on device\.$/);
        await writeFile(join(dataDir, 'postgres.filler'), Buffer.alloc(8_000_000)).catch(() => undefined);
        await rm(join(dataDir, 'postgres.secret'));
        const second = bench.child({ dataDir }, as);
        expect((await second.report('failed')).message).toMatch(/disk is full|No space left/);
        expect((await stat(dataDir)).isDirectory()).toBe(true);
      } finally {
        await execute('umount', [dataDir]);
      }
    },
  );
});
