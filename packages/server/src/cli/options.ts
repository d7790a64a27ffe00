import { InvalidArgumentError, Option } from 'commander';
import { dropEmptyVariable } from '../config.ts';
import { CONFIG_FILE_SETTINGS } from '../config-file.ts';
import type { Setting } from '../config-setting.ts';
import { InvalidSettingError } from '../config-values.ts';
import { CliError } from './errors.ts';

/**
 * The settings as options of commander, which also reads the environment. An empty variable counts as not set. A command
 * that uses the data also has the option of the configuration file.
 */
export function toOptions(settings: Record<string, Setting>): Option[] {
  const all = 'dataDir' in settings ? { ...settings, ...CONFIG_FILE_SETTINGS } : settings;
  return Object.values(all as Record<string, Setting>).map((entry) => {
    // commander would take an empty variable for a value.
    dropEmptyVariable(entry);
    const option = new Option(entry.flags, entry.description).env(entry.env).argParser(parserOf(entry));
    if (entry.default !== undefined) option.default(entry.default);
    return option;
  });
}

/** commander's error would show the value, which may hold a secret. */
function parserOf({ flags, env, parse, hide }: Setting): (text: string) => unknown {
  if (hide === undefined) return parsing(parse);
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof InvalidSettingError)) throw error;
      throw new CliError(`The value of ${flags.replace(/ .*/, '')} or ${env} is invalid. ${error.message}`);
    }
  };
}

/** Turns the parser of a setting into a parser of commander, which shows its error with the option. */
export function parsing<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof InvalidSettingError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/**
 * The earlier name of an option. The help does not show it, and commander refuses both names together. `current` is the
 * present name in the code.
 */
export function earlierName(flags: string, current: string): Option {
  return new Option(flags).hideHelp().conflicts(current);
}
