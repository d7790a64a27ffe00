import { statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { credentialsDirectory } from '../config.ts';
import { CONFIG_CREDENTIAL, CONFIG_FILE, FILE_SETTINGS, fileKey, NO_FILE } from '../config-file.ts';
import type { Setting } from '../config-setting.ts';
import { InvalidSettingError, withoutPassword } from '../config-values.ts';
import { filePermissionFault } from '../embedded/file-permissions.ts';
import { CliError, unreadable } from './errors.ts';
import { forTerminal } from './output.ts';

/** commander's name for the source of a value that is neither a flag nor a variable. */
const SOURCE = 'config';
const OTHERS_WRITE = 0o022;

/** One setting of a configuration file. */
export interface FileValue {
  setting: Setting;
  value: unknown;
  /** The line of its key. The first line is 1. */
  line: number;
}

/** The file that `--config`, `ROLLCALL_CONFIG` or the usual places name; undefined if there is none. */
export function chosenConfigFile(given: string | undefined): string | undefined {
  if (given === NO_FILE) return undefined;
  if (given !== undefined) return given;
  const directory = credentialsDirectory();
  const places = [...(directory === undefined ? [] : [join(directory, CONFIG_CREDENTIAL)]), CONFIG_FILE];
  return places.find(isThere);
}

/** Also true for a file that this user may not see: without its settings, a command would use other data. */
function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/**
 * Gives the options of a command the values of the configuration file, where neither a flag nor a variable gives one.
 * Throws `CliError` if the file cannot be read, is open to others, or has a fault in any setting.
 */
export async function applyConfigFile(command: Command): Promise<void> {
  const file = chosenConfigFile(command.opts<{ config?: string }>().config);
  if (file === undefined) return;
  for (const { setting, value } of await readConfigFile(file)) {
    const option = command.options.find(({ envVar }) => envVar === setting.env);
    const name = option?.attributeName() ?? '';
    if (option && ['default', undefined].includes(command.getOptionValueSource(name)))
      command.setOptionValueWithSource(name, value, SOURCE);
  }
}

/** Reads a configuration file. Throws `CliError`, which names each fault by file, line and key. */
export async function readConfigFile(file: string): Promise<FileValue[]> {
  await refuseOthersChanges(file);
  const text = await readFile(file, 'utf8').catch(unreadable(file));
  const { values, faults } = await parse(text);
  if (faults.length > 0) {
    const ordered = faults.toSorted((a, b) => a.line - b.line);
    throw new CliError(ordered.map(({ line, message }) => `${file}:${line}: ${message}`).join('\n'));
  }
  if (values.some(holdsPassword)) {
    const fault = await filePermissionFault(
      'The configuration file has the password of a database, and',
      file,
    );
    if (fault !== undefined) throw new CliError(fault.sentence);
  }
  return values;
}

interface Fault {
  line: number;
  message: string;
}

/** Each scalar stays a text: the parser of the setting decides what it means, as it does for flags and variables. */
async function parse(text: string): Promise<{ values: FileValue[]; faults: Fault[] }> {
  // Loaded here, because most commands find no file.
  const { isMap, isScalar, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: 'failsafe',
    lineCounter: lines,
    // Its pretty errors show the line, which may hold a secret.
    prettyErrors: false,
    strict: true,
  });
  const faults: Fault[] = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const { line } = lines.linePos(pos[0]);
    return code === 'DUPLICATE_KEY'
      ? { line, message: `${keyAt(text, pos[0])}: This setting is in the file twice.` }
      : { line, message: `This is not YAML that Rollcall reads: ${message.split('\n')[0]}` };
  });
  const values: FileValue[] = [];
  const { contents } = document;
  if (faults.length > 0 || contents === null) return { values, faults };
  if (!isMap(contents)) {
    // A file of comments only has an empty text.
    if (!isScalar(contents) || contents.value !== '')
      faults.push({ line: 1, message: 'The file must have lines such as "port: 8080".' });
    return { values, faults };
  }
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const line = lines.linePos((isScalar(key) && key.range?.[0]) || 0).line;
    const refuse = (message: string) => faults.push({ line, message: `${forTerminal(name)}: ${message}` });
    const entry = SETTING_OF.get(name);
    if (!entry) refuse(`There is no such setting.${suggestion(name)}`);
    else if (!isScalar(value)) refuse('It must be one text or number, not a list or a group of settings.');
    else {
      try {
        values.push({ setting: entry, value: entry.parse(String(value.value)), line });
      } catch (error) {
        if (!(error instanceof InvalidSettingError)) throw error;
        refuse(error.message);
      }
    }
  }
  return { values, faults };
}

const SETTING_OF = new Map<string, Setting>(
  Object.values(FILE_SETTINGS).map((entry) => [fileKey(entry), entry]),
);

/** The setting that somebody may have meant by a flag, a variable or another spelling. */
function suggestion(name: string): string {
  const plain = (text: string) =>
    text
      .replace(/^ROLLCALL_/i, '')
      .replaceAll(/[^a-z]/gi, '')
      .toLowerCase();
  const meant = [...SETTING_OF].find(([key, { env }]) =>
    [key, env].some((own) => plain(own) === plain(name)),
  );
  return meant ? ` Do you mean ${meant[0]}?` : '';
}

function keyAt(text: string, offset: number): string {
  return forTerminal(/^["']?([^:\n"']*)/.exec(text.slice(offset))?.[1] ?? '');
}

/** Only the URL of a database may have a password. */
function holdsPassword({ value }: FileValue): boolean {
  return withoutPassword(String(value)) !== String(value);
}

/** The file names a program that the server runs, and the data: nobody else may change it. */
async function refuseOthersChanges(file: string): Promise<void> {
  const own = process.geteuid?.();
  const { uid, mode } = await stat(file).catch(unreadable(file));
  // Windows has no such modes.
  if (own === undefined) return;
  if (uid !== own && uid !== 0)
    throw new CliError(
      `The configuration file ${file} belongs to another user of this machine (uid ${uid}); if you trust the content, run "chown ${own} ${file}".`,
    );
  if ((mode & OTHERS_WRITE) !== 0)
    throw new CliError(
      `Other users of this machine may change the configuration file ${file}; run "chmod go-w ${file}".`,
    );
}
