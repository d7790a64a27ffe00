import { existsSync } from 'node:fs';
import { mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MasterKey } from '../../auth/secrets.ts';
import { CliError, unwritable } from '../errors.ts';
import { systemctl } from './systemd.ts';
import {
  MASTER_KEY_FILE,
  type Program,
  SERVICE,
  SETTINGS_FILE,
  settingsTemplate,
  UNIT_FILE,
  UNIT_HEADER,
  unitOf,
} from './unit.ts';

export interface Installed {
  unit: string;
  settings: string;
  masterKey: string;
  /** The files that this call wrote. It leaves settings and a master key that exist. */
  written: string[];
}

/**
 * Writes the unit, and the settings and the master key unless they exist. `root` is the directory of another system, such
 * as an image; `/` is this one. Enables the service.
 *
 * @throws CliError if the service's user could not read the program, or the unit is somebody else's
 */
export async function install(root: string): Promise<Installed> {
  const realRoot = await realpath(root).catch(() => {
    throw new CliError(`There is no directory ${root}.`);
  });
  const program = await programWithin(realRoot);
  const paths = {
    unit: join(root, UNIT_FILE),
    settings: join(root, SETTINGS_FILE),
    masterKey: join(root, MASTER_KEY_FILE),
  };
  await refuseForeign(paths.unit);
  await mkdir(dirname(paths.settings), { recursive: true, mode: 0o755 }).catch(
    unwritable(dirname(paths.settings)),
  );
  await mkdir(dirname(paths.unit), { recursive: true, mode: 0o755 }).catch(unwritable(dirname(paths.unit)));
  const written: string[] = [];
  const writeNew = async (path: string, text: string) => {
    if (existsSync(path)) return;
    await writeFile(path, text, { mode: 0o600, flag: 'wx' }).catch(unwritable(path));
    written.push(path);
  };
  await writeNew(paths.masterKey, `${MasterKey.generate().export()}\n`);
  await writeNew(paths.settings, settingsTemplate());
  await writeFile(paths.unit, unitOf(program), { mode: 0o644 }).catch(unwritable(paths.unit));
  written.push(paths.unit);
  await systemctl(...(root === '/' ? [] : [`--root=${root}`]), 'enable', '--quiet', SERVICE);
  return { ...paths, written };
}

async function refuseForeign(unit: string): Promise<void> {
  const text = existsSync(unit) ? await readFile(unit, 'utf8') : UNIT_HEADER;
  if (text.startsWith(UNIT_HEADER)) return;
  throw new CliError(`${unit} exists, and this command did not write it. Move it away first.`);
}

/** This program, as its paths are within `root`. A program that is not below `root` must be there under the same path. */
async function programWithin(root: string): Promise<Program> {
  const [node, script] = await Promise.all([realpath(process.execPath), realpath(process.argv[1] ?? '')]);
  const program = { node: inside(root, node), script: inside(root, script) };
  for (const path of [program.node, program.script]) await requireReadable(root, path);
  return program;
}

function inside(root: string, path: string): string {
  if (root === '/') return path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}

/** The service runs as a user that owns nothing, and sees no home directory. `path` is within `root`. */
async function requireReadable(root: string, path: string): Promise<void> {
  if (/^\/(root|home|run\/user|tmp|var\/tmp)\//.test(path))
    throw new CliError(
      `The service cannot read ${path}: it sees no home directory and no file in /tmp. Install Rollcall elsewhere, such as in /opt/rollcall.`,
    );
  for (let at = path, needed = 0o4; at !== '/'; at = dirname(at), needed = 0o1) {
    const { mode } = await stat(join(root, at)).catch(() => {
      throw new CliError(`There is no ${at} in ${root}: install Node.js and Rollcall there first.`);
    });
    if ((mode & needed) === 0)
      throw new CliError(`The service cannot read ${path}: other users have no access to ${at}.`);
  }
}
