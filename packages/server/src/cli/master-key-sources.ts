import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { chown, link, readFile, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MasterKeys, parseMasterKeys } from '../auth/master-keys.ts';
import { MasterKey } from '../auth/secrets.ts';
import {
  credentialsDirectory,
  type DataConfig,
  MASTER_KEY_CREDENTIAL,
  MASTER_KEY_ENV,
  masterKeyFromEnvironment,
} from '../config.ts';
import { filePermissionFault } from '../embedded/file-permissions.ts';
import { ownersOf } from '../embedded/index.ts';
import { CliError, unreadable } from './errors.ts';
import { forTerminal } from './output.ts';

const COMMAND_MS = 30_000;
const COMMAND_OUTPUT_BYTES = 64 * 1024;
const SHOWN_CHARACTERS = 500;

/** Where the master key comes from. */
export interface MasterKeySource {
  /** How messages name it. */
  name: string;
  /** The file that Rollcall may replace; undefined for other sources. */
  file?: string;
  /** Throws `CliError` and `MasterKeyError`. */
  read(): Promise<MasterKey[]>;
}

/** The file in a data directory. */
export const masterKeyPath = (dataDir: string): string => join(resolve(dataDir), 'master.key');

/**
 * The sources that the settings and the environment name, in this order: file, command, variable, systemd credential, and
 * last the file in the data directory if it exists. A database URL excludes the last one.
 */
export function masterKeySources(config: DataConfig): MasterKeySource[] {
  const { masterKeyFile, masterKeyCommand, databaseUrl, dataDir } = config;
  const sources: MasterKeySource[] = [];
  if (masterKeyFile !== undefined) sources.push(fileSource(resolve(masterKeyFile), masterKeyFile));
  if (masterKeyCommand !== undefined) {
    sources.push({ name: 'the command of --master-key-command', read: () => runCommand(masterKeyCommand) });
  }
  const variable = masterKeyFromEnvironment();
  if (variable !== undefined) {
    sources.push({ name: MASTER_KEY_ENV, read: async () => parseMasterKeys(variable) });
  }
  const directory = credentialsDirectory();
  const credential = directory === undefined ? undefined : join(directory, MASTER_KEY_CREDENTIAL);
  if (credential !== undefined && isThere(credential)) {
    const { name, read } = fileSource(credential);
    sources.push({ name, read });
  }
  const local = masterKeyPath(dataDir);
  if (databaseUrl === undefined && existsSync(local) && sources.every(({ file }) => file !== local)) {
    sources.push(fileSource(local, local, () => ownersOf(resolve(dataDir))));
  }
  return sources;
}

/** A key that this process may not see is an error: without it, the process would make another one. */
function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return unreadable(file)(error as NodeJS.ErrnoException);
  }
}

/** The master keys of the sources; undefined if there is no source. Throws `CliError` if two sources disagree. */
export async function readMasterKeys(sources: MasterKeySource[]): Promise<MasterKeys | undefined> {
  if (sources.length === 0) return undefined;
  const read = () => readAgreeing(sources);
  return new MasterKeys(await read(), read);
}

/** Reads the master keys of all sources. Throws `CliError` if two sources disagree. */
export async function readAgreeing(sources: MasterKeySource[]): Promise<MasterKey[]> {
  const given: { name: string; keys: MasterKey[] }[] = [];
  for (const { name, read } of sources) given.push({ name, keys: await read() });
  const [first, ...others] = given;
  const idsOf = (keys: MasterKey[]) => keys.map(({ id }) => id).join();
  const other = others.find(({ keys }) => idsOf(keys) !== idsOf(first?.keys ?? []));
  if (!first || !other) return first?.keys ?? [];
  throw new CliError(
    `There are different master keys in ${first.name} and ${other.name}; leave out the one that is wrong.`,
  );
}

/** The master key of a data directory that gets one now. If another process has just made one, that one. */
export async function createLocalMasterKey(dataDir: string): Promise<MasterKeys> {
  const file = masterKeyPath(dataDir);
  await writeMasterKeys(file, [MasterKey.generate()], keepExisting);
  const { read } = fileSource(file, file, () => ownersOf(dataDir));
  return new MasterKeys(await read(), read);
}

/** Writes master keys to a file of mode 0600, one a line. Replaces an existing file, whose owner stays. */
export async function replaceMasterKeys(file: string, keys: readonly MasterKey[]): Promise<void> {
  const path = existsSync(file) ? await realpath(file) : file;
  await writeMasterKeys(path, keys, async (from, to) => {
    if (existsSync(to)) {
      // Root may rotate the key of a server that runs as another user.
      const { uid, gid } = await stat(to);
      await chown(from, uid, gid);
    }
    await rename(from, to);
  });
}

function fileSource(
  file: string,
  name = file,
  owners: () => Promise<number[]> = async () => [],
): MasterKeySource {
  const read = async () => {
    const fault = await filePermissionFault('The master key file', name, await owners()).catch(
      unreadable(name),
    );
    if (fault !== undefined) throw new CliError(fault.sentence);
    return parseMasterKeys(await readFile(file, 'utf8').catch(unreadable(name)));
  };
  return { name, file, read };
}

/** Runs a program without a shell. What it prints is never shown, and what it says on standard error only if it fails. */
function runCommand(command: string): Promise<MasterKey[]> {
  const [program = '', ...args] = command.trim().split(/\s+/);
  const limits = { timeout: COMMAND_MS, killSignal: 'SIGKILL', maxBuffer: COMMAND_OUTPUT_BYTES } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, limits, (error, stdout, stderr) => {
      if (error) return reject(new CliError(commandFault(error, stderr)));
      try {
        resolve(parseMasterKeys(stdout));
      } catch (fault) {
        reject(fault);
      }
    });
    child.stdin?.end();
  });
}

function commandFault(error: Error & { code?: unknown; killed?: boolean }, stderr: string): string {
  const reason =
    error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'
      ? `it printed more than ${COMMAND_OUTPUT_BYTES / 1024} KiB`
      : error.killed
        ? `it took longer than ${COMMAND_MS / 1000} seconds`
        : typeof error.code === 'number'
          ? `exit code ${error.code}`
          : `${error.code ?? 'a signal ended it'}`;
  const said = forTerminal(stderr.trim().replace(/\s*\n\s*/g, ' ')).slice(0, SHOWN_CHARACTERS);
  return `The command of --master-key-command failed (${reason})${said === '' ? '' : `: ${said}`}.`;
}

/** Writes the whole file or nothing, even if another process writes it at the same time. */
async function writeMasterKeys(
  file: string,
  keys: readonly MasterKey[],
  putInPlace: (from: string, to: string) => Promise<void>,
): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  const lines = keys.map((key) => `${key.export()}\n`);
  await writeFile(unfinished, lines.join(''), { mode: 0o600, flush: true });
  await putInPlace(unfinished, file);
}

async function keepExisting(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(from);
  }
}
